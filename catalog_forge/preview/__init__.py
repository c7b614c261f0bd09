"""The page of `catalog-forge preview`, which shows an entry as Rancher 1.6 does, next to the files that its conf image renders.

The page asks the same questions as the commands, and reads files with the same functions. `site` reads the catalog on disk,
`state` computes the result of the user's choices, `server` answers the browser, and `files/` contains the page.
"""
