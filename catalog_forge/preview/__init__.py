"""The page of `catalog-forge preview`: an entry as Rancher 1.6 shows it, next to the files that its conf image renders.

The page asks the same questions as the commands, and reads files with the same functions. `site` is the catalog on disk, `state`
has the user's choices and computes their result, `server` answers the browser, and the page itself is in `files/`.
"""
