"""The way out of Rancher 1.x: makes a Helm chart for Rancher 2 from an entry, and reports what does not carry over. Pure."""
