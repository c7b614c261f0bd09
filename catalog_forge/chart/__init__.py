"""Converts an entry of Rancher 1.x to a Helm chart for Rancher 2, and reports what does not carry over. Writes no files."""
