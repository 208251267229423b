"""People and what was done, for the administrator to look at; pages and actions change them."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

from kinder.accounts.models import (
    AuditEvent,
    ConsentRecord,
    ConsentWording,
    Invitation,
    Membership,
    Organisation,
    RetentionRun,
    Task,
    Tombstone,
    User,
)
from kinder.admin import LookOnlyAdmin

# allauth's rows hold secrets, and everybody looks after their own; roles here are no groups.
for model in (EmailAddress, Authenticator, UserSession, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(LookOnlyAdmin):
    list_display = ("email", "name", "is_administrator", "is_active", "last_login", "created_at")
    list_filter = ("is_administrator", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "is_administrator", "is_active", "last_login")


@admin.register(Organisation)
class OrganisationAdmin(LookOnlyAdmin):
    list_display = ("name", "kind", "website", "created_at")
    list_filter = ("kind",)
    search_fields = ("name", "identifier")


@admin.register(Membership)
class MembershipAdmin(LookOnlyAdmin):
    list_display = ("user", "organisation", "role", "since_at")
    list_filter = ("role", "organisation")
    list_select_related = ("user", "organisation")


@admin.register(ConsentRecord)
class ConsentRecordAdmin(LookOnlyAdmin):
    list_display = ("purpose", "wording_version", "language", "given_at", "withdrawn_at")
    list_filter = ("purpose", "language")


@admin.register(ConsentWording)
class ConsentWordingAdmin(LookOnlyAdmin):
    list_display = ("purpose", "version", "language", "first_used_at")
    list_filter = ("purpose", "language")
    fields = ("purpose", "version", "language", "text", "first_used_at")


@admin.register(Invitation)
class InvitationAdmin(LookOnlyAdmin):
    list_display = ("email", "role", "organisation", "made_at", "accepted_at", "revoked_at")
    list_filter = ("role", "organisation")
    list_select_related = ("organisation",)
    fields = ("email", "name", "role", "organisation", "made_at", "expires_at", "accepted_at")


@admin.register(RetentionRun)
class RetentionRunAdmin(LookOnlyAdmin):
    list_display = ("started_at", "finished_at", "is_cut_short", "rows")


@admin.register(Task)
class TaskAdmin(LookOnlyAdmin):
    list_display = ("kind", "organisation", "due_on", "created_at", "done_at")
    list_filter = ("kind", "organisation")


@admin.register(Tombstone)
class TombstoneAdmin(LookOnlyAdmin):
    list_display = ("kind", "created_at")
    fields = ("kind", "created_at")


@admin.register(AuditEvent)
class AuditEventAdmin(LookOnlyAdmin):
    list_display = ("at", "verb", "object_type", "object_id", "actor_id", "purpose")
    list_filter = ("verb", "object_type")
    search_fields = ("verb", "object_type", "object_id")
    show_full_result_count = False
