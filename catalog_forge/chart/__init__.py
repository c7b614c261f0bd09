"""The way out of Rancher 1.x: a Helm chart for Rancher 2 from an entry, and a report of what does not carry over. Pure."""
