"""The rules of conf images: CF6xx template resources and confd templates, CF7xx Dockerfiles and scripts."""
