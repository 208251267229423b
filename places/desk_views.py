"""The workers' map: a table beside a map with the same places, and many edited at once."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from kinder.accounts.models import User
from places import desk
from places.actions import current_geography
from places.area_forms import NameForm, offered_areas
from places.desk import MOST_AT_ONCE, Bulk, Filters, do_in_bulk, undo_bulk
from places.maps import ISLES, base_map, describe_borders
from places.models import Area, SavedArea, SavedView
from places.rules import check_can_keep_places
from places.saving import delete_view, save_view
from places.tile_views import answer_tile
from places.tiles import PLACES_MAX_ZOOM, extent_of, is_tile, pack
from places.vocabulary import CostToStay, HideReason, PlaceKind, PlaceState

UNDO = "places_bulk"
LACKS = [
    ("", gettext_lazy("Anything or nothing")),
    ("check", gettext_lazy("A check within half a year")),
    ("hours", gettext_lazy("Opening hours")),
    ("unread_hours", gettext_lazy("Hours that can be read")),
    ("cost", gettext_lazy("What it costs to stay")),
    ("address", gettext_lazy("An address")),
    ("welcome", gettext_lazy("What makes it welcoming")),
]


class DeskForm(forms.Form):
    """The filters, all in the address."""

    q = forms.CharField(label=gettext_lazy("Name, street or code"), max_length=80, required=False)
    kind = forms.MultipleChoiceField(
        label=gettext_lazy("Kind"), choices=PlaceKind.choices, required=False
    )
    state = forms.MultipleChoiceField(
        label=gettext_lazy("State"),
        choices=PlaceState.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    area = forms.ModelChoiceField(
        label=gettext_lazy("Area"),
        queryset=Area.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("Anywhere"),
        required=False,
    )
    within = forms.ModelChoiceField(
        label=gettext_lazy("Area of yours"),
        queryset=SavedArea.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("None"),
        required=False,
    )
    lacks = forms.ChoiceField(label=gettext_lazy("Lacks"), choices=LACKS, required=False)
    free = forms.BooleanField(label=gettext_lazy("Free to stay"), required=False)
    order = forms.ChoiceField(
        label=gettext_lazy("Order"),
        choices=[
            ("name", gettext_lazy("A to Z")),
            ("oldest", gettext_lazy("Longest not checked first")),
        ],
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name, queryset in (
            ("area", offered_areas()),
            ("within", SavedArea.objects.visible_to(user).order_by("name")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type
            field.queryset = queryset

    def as_filters(self) -> Filters:
        """What was understood; a part that was not is left out."""
        self.is_valid()
        data = self.cleaned_data
        return Filters(
            words=data.get("q", "") if "\0" not in data.get("q", "") else "",
            kinds=tuple(data.get("kind", ())),
            states=tuple(data.get("state", ())),
            area=data.get("area"),
            within=data.get("within"),
            lacks=data.get("lacks", ""),
            is_free=bool(data.get("free")),
            order=data.get("order") or "name",
        )


class BulkForm(forms.Form):
    """What is to be done to the chosen places."""

    deed = forms.ChoiceField(
        label=gettext_lazy("Do with the chosen"),
        choices=[
            ("confirm", gettext_lazy("Confirm: they are as the register says")),
            ("cost", gettext_lazy("Set what it costs to stay")),
            ("kind", gettext_lazy("Set the kind")),
            ("hide", gettext_lazy("Hide")),
            ("show", gettext_lazy("Show again")),
            ("close", gettext_lazy("Closed for good")),
            ("posters", gettext_lazy("Make posters")),
        ],
    )
    cost = forms.ChoiceField(
        label=gettext_lazy("Cost to stay"), choices=CostToStay.choices, required=False
    )
    to_kind = forms.ChoiceField(
        label=gettext_lazy("Kind of place"), choices=PlaceKind.choices, required=False
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Why it is hidden"), choices=HideReason.choices, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    @property
    def bulk(self) -> Bulk:
        deed = self.cleaned_data["deed"]
        value = {"cost": "cost", "kind": "to_kind", "hide": "reason"}.get(deed, "")
        return Bulk(deed, self.cleaned_data.get(value, "") if value else "")


@require_safe
def show_desk(request: HttpRequest) -> HttpResponse:
    """The table with the map beside it."""
    user = check_can_keep_places(request.user)
    form = DeskForm(request.GET, user=user)
    filters = form.as_filters()
    found = desk.find(filters)
    page = Paginator(found, desk.PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    views = SavedView.objects.visible_to(user).select_related("owner")
    context = {
        "form": form,
        "bulk_form": BulkForm(),
        "view_form": NameForm(user=user),
        "page": page,
        "query": query.urlencode(),
        "next_url": _page_url(query, page.next_page_number()) if page.has_next() else "",
        "previous_url": _page_url(query, page.previous_page_number())
        if page.has_previous()
        else "",
        "views": [(view, view.owner_id == user.pk) for view in views],
        "filters": filters,
        "map": _describe_map(filters, query, found),
        "can_undo": bool(request.session.get(UNDO)),
        "most": MOST_AT_ONCE,
    }
    return render(request, "places/desk.html", context, status=422 if form.errors else 200)


@require_safe
def show_desk_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """The same places for the map: a tile of every state, for nobody else's eyes."""
    user = check_can_keep_places(request.user)
    if not is_tile(z, x, y, max_zoom=PLACES_MAX_ZOOM):
        raise Http404
    filters = DeskForm(request.GET, user=user).as_filters()
    response = answer_tile(request, pack(desk.make_tile(filters, z, x, y)))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
def edit_in_bulk(request: HttpRequest) -> HttpResponse:
    """Do one deed to the chosen places, and come back to the same view."""
    user = check_can_keep_places(request.user)
    form, codes = BulkForm(request.POST), request.POST.getlist("place")
    back = redirect(f"{reverse('places:desk')}?{_clean(request.POST.get('query', ''))}")
    if not codes:
        messages.error(request, _("Choose places first."))
        return back
    if len(codes) > MOST_AT_ONCE:
        messages.error(request, _("That is too many at once: choose at most 200."))
        return back
    if not form.is_valid():
        messages.error(request, _("Choose what to do with them."))
        return back
    if form.cleaned_data["deed"] == "posters":
        chosen = QueryDict(mutable=True)
        chosen.setlist("place", codes)
        return redirect(f"{reverse('places:posters')}?{chosen.urlencode()}")
    outcome = do_in_bulk(by=user, codes=codes, bulk=form.bulk)
    if outcome.done:
        request.session[UNDO] = {"deed": form.bulk.deed, "done": outcome.done}
    _tell(request, outcome)
    return back


@require_POST
def undo_edit(request: HttpRequest) -> HttpResponse:
    """Take the last bulk edit back."""
    user = check_can_keep_places(request.user)
    last = request.session.pop(UNDO, None)
    if last:
        outcome = undo_bulk(by=user, deed=last["deed"], done=last["done"])
        _tell(request, outcome)
    return redirect(f"{reverse('places:desk')}?{_clean(request.POST.get('query', ''))}")


@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters as they stand."""
    user = check_can_keep_places(request.user)
    form = NameForm(request.POST, user=user)
    query = _clean(request.POST.get("query", ""))
    if form.is_valid():
        try:
            save_view(
                by=user,
                name=form.cleaned_data["name"],
                query=query,
                organisation=form.cleaned_data["organisation"],
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("The view is kept."))
    else:
        messages.error(request, _("Give the view a name."))
    return redirect(f"{reverse('places:desk')}?{query}")


@require_POST
def forget_view(request: HttpRequest, number: int) -> HttpResponse:
    user = check_can_keep_places(request.user)
    delete_view(by=user, view=get_object_or_404(SavedView.objects.visible_to(user), pk=number))
    messages.success(request, _("The view is gone."))
    return redirect("places:desk")


def _tell(request: HttpRequest, outcome: desk.Outcome) -> None:
    done = len(outcome.done)
    if done:
        messages.success(request, ngettext("%d place changed.", "%d places changed.", done) % done)
    if outcome.kept:
        messages.warning(
            request,
            ngettext(
                "%d place was left as it is: that cannot be done to it.",
                "%d places were left as they are: that cannot be done to them.",
                outcome.kept,
            )
            % outcome.kept,
        )


def _clean(query: str) -> str:
    """A query string as we write them, and nothing else that would lead elsewhere."""
    return QueryDict(query[:1_000]).urlencode() if "\0" not in query else ""


def _page_url(query: QueryDict, number: int) -> str:
    copy = query.copy()
    copy["page"] = str(number)
    return f"?{copy.urlencode()}"


def _describe_map(filters: Filters, query: QueryDict, found: Any) -> dict[str, Any]:
    address = reverse("places:desk-tile", args=[0, 0, 0])
    layer: dict[str, Any] = {
        "tiles": f"{address.replace('/0/0/0.mvt', '/{z}/{x}/{y}.mvt')}?{query.urlencode()}",
        "kinds": dict(PlaceKind.choices),
        "url": reverse("places:place", args=["CODE"]).replace("CODE", "{code}"),
    }
    geography = current_geography()
    extent = desk.extent_of(found) if filters.is_narrowed else None
    return {
        "extent": extent or (extent_of(geography) if geography else None) or ISLES,
        "places": layer,
        "areas": describe_borders(),
        "base": base_map(),
    }
