"""The page of `catalog-forge preview`: an entry as Rancher 1.6 shows it, next to the files that its conf image renders.

It asks the same questions and reads files with the same functions as the commands. `site` is the catalog on disk, `state` holds
what the user chose and computes the result, `server` answers the browser, and the page itself is in `files/`.
"""
