"""The page of `catalog-forge preview`: an entry as Rancher 1.6 shows it, and beside it what its conf image renders.

It asks what the commands ask, and reads nothing in a way of its own. `site` knows the catalog on disk, `state` what a person has
chosen and what comes of it; `server` answers the browser, for which the page itself lies in `files/`.
"""
