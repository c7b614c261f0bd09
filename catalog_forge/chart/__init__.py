"""The way out of Rancher 1.x: turns an entry into a Helm chart for Rancher 2, and reports what does not carry over. Pure."""
