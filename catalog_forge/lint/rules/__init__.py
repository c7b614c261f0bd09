"""The rules of lint, one module for each family.

The ids: CF1xx layout and judges, CF2xx config.yml, CF3xx rancher-compose.yml and questions, CF4xx docker-compose.yml, CF5xx
templates and answers, CF6xx template resources and confd templates, CF7xx Dockerfiles and scripts, CF8xx specs and standards,
CF9xx checks across a whole catalog.
"""
