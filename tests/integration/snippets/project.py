"""A Django project around the view that a partner was shown: python project.py views.py PORT."""

import runpy
import sys
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

views, port = sys.argv[1:]
settings.configure(ALLOWED_HOSTS=["127.0.0.1", "localhost"], ROOT_URLCONF="__main__", SECRET_KEY="project")
django.setup()
urlpatterns = [path("webhook", runpy.run_path(views)["webhook"])]
make_server("127.0.0.1", int(port), get_wsgi_application()).serve_forever()
