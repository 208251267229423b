"""Posters for places: chosen on a page, printed as one PDF."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kinder.accounts.rules import NOT_IN_ORGANISATION, Refused, check_signed_in
from places.models import Place
from places.posters import MOST, Layout, write_posters
from places.rules import can_offer_gatherings

FOUND_SHOWN = 30


class PosterForm(forms.Form):
    """Which places, and how they stand on paper."""

    q = forms.CharField(label=_("Find a place by name"), max_length=80, required=False, strip=True)
    place = forms.ModelMultipleChoiceField(
        label=_("Places"),
        queryset=Place.objects.none(),
        to_field_name="code",
        required=False,
        error_messages={"invalid_choice": _("One of these places is no longer shown.")},
    )
    layout = forms.ChoiceField(
        label=_("How"),
        choices=[
            (Layout.POSTER, _("A poster, one to a sheet")),
            (Layout.LARGE, _("The same in large print")),
            (Layout.CARDS, _("Cards, four to a sheet")),
        ],
        widget=forms.RadioSelect,
        initial=Layout.POSTER,
        required=False,
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.label_suffix = ""
        field = self.fields["place"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - narrows the type
        field.queryset = Place.objects.shown().order_by("name", "id")

    def clean_place(self) -> list[Place]:
        places = list(self.cleaned_data["place"][: MOST + 1])
        if len(places) > MOST:
            raise forms.ValidationError(_("Choose at most 100 places at once."))
        return places


@require_safe
def choose_posters(request: HttpRequest) -> HttpResponse:
    """Find places, choose some, see what will be printed; all in the address."""
    _check(request)
    form = PosterForm(request.GET)
    is_valid = form.is_valid()
    chosen: list[Place] = form.cleaned_data.get("place") or []
    words = form.cleaned_data.get("q") or ""
    found = Place.objects.shown()
    if words and "\0" not in words:
        found = found.filter(name__icontains=words)
    found = found.exclude(pk__in=[place.pk for place in chosen]).order_by("name", "id")
    query = request.GET.copy()
    query.pop("q", None)
    context = {
        "form": form,
        "chosen": chosen,
        "found": found[:FOUND_SHOWN],
        "layout": form.cleaned_data.get("layout") or Layout.POSTER.value,
        "query": query.urlencode(),
    }
    return render(request, "places/posters.html", context, status=200 if is_valid else 422)


@require_safe
def print_posters(request: HttpRequest) -> HttpResponse:
    """The PDF of the places in the address."""
    _check(request)
    form = PosterForm(request.GET)
    if not form.is_valid() or not form.cleaned_data["place"]:
        return choose_posters(request)
    layout = Layout(form.cleaned_data["layout"] or Layout.POSTER)
    pdf = write_posters(form.cleaned_data["place"], layout=layout, root=settings.SITE_URL)
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="posters-{layout}.pdf"'
    return response


def _check(request: HttpRequest) -> None:
    """Keepers of the register, and whoever has a role in an organisation."""
    if not can_offer_gatherings(check_signed_in(request.user)):
        raise Refused(NOT_IN_ORGANISATION)
