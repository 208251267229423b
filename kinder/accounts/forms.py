"""The shapes of what people type about accounts; who may do it is asked of rules."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation, Role, User
from kinder.accounts.people import organisations_of
from kinder.accounts.rules import GIVEN_BY_COORDINATORS


class SignInForm(LoginForm):  # type: ignore[misc]
    """An e-mail address and, for those who have one, a password; without it a code is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""

    def _setup_password_field(self) -> None:
        # allauth would take the field away, as nobody needs a password to sign up.
        field = self.fields["password"]
        field.required = field.widget.is_required = False


class FirstRunForm(forms.Form):
    """The first account of a deployment."""

    code = forms.CharField(
        label=_("Set-up code"),
        help_text=_("It stands in the terminal where Kinder was started."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("A password"),
        help_text=_("At least 12 characters. Four words that don't belong together do well."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        password = cleaned.get("password")
        if not password:
            return cleaned
        if cleaned.get("password_again") != password:
            self.add_error("password_again", _("The two passwords are not the same."))
        try:
            validate_password(
                password, User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            )
        except ValidationError as error:
            self.add_error("password", error)
        return cleaned


class EraseForm(forms.Form):
    """The last word before everything goes."""

    is_sure = forms.BooleanField(label=_("Erase everything. I know that nobody can bring it back."))


class ProofForm(forms.Form):
    """A code that was sent to show who one is."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}
        ),
    )


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Organisation
        fields = ("name", "kind", "description", "website", "email", "telephone", "identifier")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Organisation.objects.filter(name__iexact=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an organisation of that name already."))
        return name


class RoleForm(forms.Form):
    """A role for somebody, who gets an account by it where there is none yet."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("They sign in with a code that is sent there."),
        max_length=254,
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.all()
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InvitationForm(forms.Form):
    """Whom to ask to take which role where; offers only what `by` may give."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations_of(by)  # type: ignore[attr-defined]
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, role.label)
            for role in Role
            if by.is_administrator or role in GIVEN_BY_COORDINATORS
        ]


class AcceptForm(forms.Form):
    """What somebody who takes an invitation is called."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class ProfileForm(forms.Form):
    """What people call somebody, and the language of their letters."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("People you work with see it."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language of letters to you"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("The site's own language")),
            *settings.LANGUAGES,
        ]


class PeopleSearchForm(forms.Form):
    """Whom to look for among those with an account."""

    q = forms.CharField(label=_("Name or e-mail address"), max_length=120, required=False)


class AuditFilterForm(forms.Form):
    """What to look for in the audit; everything may be left out."""

    verb = forms.CharField(label=_("Deed"), max_length=60, required=False)
    person = forms.EmailField(label=_("E-mail address of who did it"), required=False)
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.all(), required=False
    )
    thing = forms.CharField(label=_("Kind of thing, or its number"), max_length=64, required=False)
    since_on = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until_on = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
