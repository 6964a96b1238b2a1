"""The few pieces that every page is made of."""

from datetime import UTC, datetime

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from portal.templatetags.look import control, percent


class Example(forms.Form):
    name = forms.CharField(widget=forms.TextInput(attrs={"class": "mono"}), help_text="Any.")
    agreed = forms.BooleanField()


def render(source, **context):
    return Template("{% load look %}" + source).render(Context(context))


def test_an_icon_is_not_read_out():
    assert 'aria-hidden="true"' in render('{% icon "check" %}')
    assert "icons.svg#check" in render('{% icon "check" %}')


@pytest.mark.parametrize(
    ("data", "name", "classes"),
    [
        (None, "name", "mono form-control"),
        ({"name": ""}, "name", "mono form-control is-invalid"),
        (None, "agreed", "form-check-input"),
        ({"name": "x"}, "agreed", "form-check-input is-invalid"),
    ],
)
def test_a_control_keeps_its_own_class_under_bootstraps(data, name, classes):
    assert f'class="{classes}"' in control(Example(data)[name])


def test_a_fields_help_is_read_out_with_it():
    drawn = render('{% include "components/field.html" %}', field=Example()["name"])
    assert 'aria-describedby="id_name_helptext"' in drawn
    assert 'id="id_name_helptext"' in drawn


@pytest.mark.parametrize(
    ("rate", "words"), [(100, "100%"), (99.99, "99.9%"), (98.06, "98%"), (71.43, "71.4%"), (0, "0%")]
)
def test_only_all_of_them_are_a_hundred_percent(rate, words):
    assert percent(rate) == words


def test_a_moment_is_relative_and_exact_on_hover():
    with time_machine.travel(datetime(2026, 11, 23, 14, 15, tzinfo=UTC), tick=False):
        drawn = render("{% when moment %}", moment=datetime(2026, 11, 23, 14, 3, tzinfo=UTC))
    assert drawn == (
        '<time datetime="2026-11-23T14:03:00+00:00" title="23 Nov 2026, 14:03:00 UTC">12 min ago</time>'
    )


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ("/webhooks/", 'aria-current="page"'),
        ("/webhooks/new/", 'aria-current="true"'),
        ("/deliveries/", None),
    ],
)
def test_the_section_one_is_in_is_marked(path, mark):
    drawn = render('{% nav_link "webhooks:list" "webhook" "Webhooks" %}', request=RequestFactory().get(path))
    assert mark in drawn if mark else "aria-current" not in drawn
