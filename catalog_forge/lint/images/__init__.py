"""What the files of a conf image say: Dockerfile, scripts, what confd finds inside of the image."""
