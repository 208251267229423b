"""WHO: users, organisations and roles; the statistical person and their devices; what was done."""

import secrets
import uuid
from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address; a password is optional, for residents sign in by code."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(
            email,
            password,
            is_staff=True,
            is_superuser=True,
            is_administrator=True,
            **fields,
        )


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account. Residents need none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    is_administrator = models.BooleanField(_("administrator of this deployment"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Two spellings of one address would be two accounts.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="accounts_user_email_is_lower",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    @cached_property
    def role_pairs(self) -> frozenset[tuple[int, str]]:
        """The (organisation, role) pairs of this user, read once."""
        return frozenset(self.memberships.values_list("organisation_id", "role"))

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles this user has in any organisation."""
        return frozenset(role for _organisation, role in self.role_pairs)

    @property
    def needs_second_factor(self) -> bool:
        """Whoever sees more than a resident does signs in with two factors (ASVS 6.3.3)."""
        return self.is_administrator or bool(self.roles - {Role.MEMBER.value})


class Organisation(models.Model):
    """The middle layer between people and services: hosts places, gatherings, befriending."""

    class Kind(models.TextChoices):
        COMMUNITY = "community", _("Community group")
        CHARITY = "charity", _("Charity or voluntary organisation")
        FAITH = "faith", _("Faith group")
        COUNCIL = "council", _("Council or public body")
        BUSINESS = "business", _("Business")
        FUNDER = "funder", _("Funder")

    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.COMMUNITY)
    description = models.TextField(_("what it does"), blank=True)
    website = models.URLField(_("website"), blank=True)
    email = models.EmailField(_("public e-mail address"), blank=True)
    telephone = models.CharField(_("public telephone number"), max_length=32, blank=True)
    identifier = models.CharField(_("charity or company number"), max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="organisations")

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering: ClassVar = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="accounts_organisation_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What somebody does in an organisation. Administrators belong to the whole deployment."""

    WORKER = "worker", _("Community worker")
    COORDINATOR = "coordinator", _("Befriending coordinator")
    LEAD = "lead", _("Safeguarding lead")
    FUNDER = "funder", _("Funder")
    MEMBER = "member", _("Member")


class Membership(models.Model):
    """A role of a user in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=16, choices=Role)
    since_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                "user", "organisation", "role", name="accounts_membership_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.organisation}"


class Contributor(models.Model):
    """The statistical person: whoever logs, with or without an account.

    Two devices that nobody linked count as two people; A1's caveat says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contributor",
    )
    keeps_diary = models.BooleanField(_("keeps a private diary on this phone"), null=True)
    recovery_hmac = models.BinaryField(max_length=32, null=True, editable=False)
    is_blocked = models.BooleanField(_("left out of figures for abuse"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("contributor")
        verbose_name_plural = _("contributors")

    def __str__(self) -> str:
        return str(self.id)

    @property
    def has_recovery_code(self) -> bool:
        return self.recovery_hmac is not None


class Device(models.Model):
    """A browser that a contributor uses, known by a cookie of which only the HMAC is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="devices")
    key_hmac = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_on = models.DateField(default=timezone.localdate, editable=False)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return str(self.id)


class NetworkSighting(models.Model):
    """That a contributor wrote from a network, under a key that changes each quarter.

    Against floods only; deleted at the quarter's release.
    """

    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    quarter_on = models.DateField()
    cluster_hmac = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("network sighting")
        verbose_name_plural = _("network sightings")
        constraints = [
            models.UniqueConstraint(
                "contributor",
                "quarter_on",
                "cluster_hmac",
                name="accounts_networksighting_unique",
            ),
        ]
        indexes = [
            # Counting the contributors of one network within a quarter.
            models.Index("quarter_on", "cluster_hmac", name="accounts_network_quarter"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter_on}: {self.contributor_id}"


class Subject(models.Model):
    """The erasable map from the random id that audit and history hold to a person.

    Without its row here, an id in the audit points at nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, null=True, related_name="subject")
    contributor = models.OneToOneField(
        Contributor, on_delete=models.CASCADE, null=True, related_name="subject"
    )

    class Meta:
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) ^ models.Q(contributor__isnull=False),
                name="accounts_subject_is_one_person",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ConsentWording(models.Model):
    """The very words that somebody was asked with: kept once, however many agreed to them."""

    sha256 = models.BinaryField(primary_key=True, max_length=32, editable=False)
    purpose = models.CharField(_("for what"), max_length=40)
    version = models.CharField(_("version of the wording"), max_length=20)
    language = models.CharField(_("language"), max_length=8)
    text = models.TextField(_("wording"))
    first_used_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("wording of a consent")
        verbose_name_plural = _("wordings of consents")
        triggers = [
            pgtrigger.Protect(name="wording_stays", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version} ({self.language})"


class ConsentRecord(models.Model):
    """That somebody agreed to a wording, and when they withdrew."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(_("for what"), max_length=40)
    wording = models.ForeignKey(
        ConsentWording, on_delete=models.PROTECT, null=True, related_name="+"
    )
    wording_version = models.CharField(_("version of the wording"), max_length=20)
    language = models.CharField(_("language"), max_length=8)
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True)
                | models.Q(withdrawn_at__gte=models.F("given_at")),
                name="accounts_consent_withdrawn_after_given",
            ),
            models.UniqueConstraint(
                "subject",
                "purpose",
                condition=models.Q(withdrawn_at__isnull=True),
                name="accounts_consent_one_standing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} ({self.wording_version})"


class AuditEvent(models.Model):
    """Who did what to which, when; written in the transaction of the deed; never changed.

    Holds ids and codes, no free text and no names.
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor_id = models.UUIDField(_("subject who acted"), null=True, db_index=True)
    purpose = models.CharField(_("job that acted"), max_length=20, blank=True)
    verb = models.CharField(_("deed"), max_length=60, db_index=True)
    object_type = models.CharField(_("kind of thing"), max_length=60)
    object_id = models.CharField(_("thing"), max_length=64)
    # No foreign key: deleting an organisation must not rewrite history.
    organisation_id = models.BigIntegerField(_("organisation"), null=True, db_index=True)
    facts = models.JSONField(_("codes and counts"), default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering: ClassVar = ["-id"]
        indexes = [models.Index("object_type", "object_id", name="accounts_audit_object")]
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Nobody empties the table %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.object_type} {self.object_id}"


class Decision(models.Model):
    """What a moderator decided about one thing that waited, and how it can be taken back.

    Holds codes only: the words that were judged stay with the room that they belong to.
    """

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        REFUSE = "refuse", _("Refuse")

    class Reason(models.TextChoices):
        NAMES = "names", _("Names or shows somebody")
        UNKIND = "unkind", _("Unkind or unsafe")
        SPAM = "spam", _("Advertising or spam")
        WRONG = "wrong", _("Not true, or not here")
        TWICE = "twice", _("Here already")
        UNCLEAR = "unclear", _("Nobody would understand it")
        OTHER = "other", _("Another reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    queue = models.CharField(_("queue"), max_length=40)
    object_id = models.CharField(_("thing"), max_length=64)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, blank=True)
    before = models.JSONField(_("how it was, in codes"), default=dict)
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("moderator's decision")
        verbose_name_plural = _("moderators' decisions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="accept") | ~models.Q(reason=""),
                name="accounts_decision_refusal_has_reason",
            ),
        ]
        indexes = [
            # A moderator's own latest decisions.
            models.Index(fields=["decided_by", "-decided_at"], name="accounts_decision_mine"),
            # Whether a thing was judged before.
            models.Index("queue", "object_id", name="accounts_decision_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.object_id}: {self.verdict}"


class SetupCode(models.Model):
    """The hash of the code that lets somebody make the first account; one row at most."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("set-up code")
        verbose_name_plural = _("set-up codes")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="accounts_setupcode_only_one"),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class Tombstone(models.Model):
    """A content-free trace of an erasure, re-applied after a backup is restored."""

    kind = models.CharField(max_length=40)
    key_hmac = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        constraints = [
            models.UniqueConstraint("kind", "key_hmac", name="accounts_tombstone_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d}"


class Invitation(models.Model):
    """That somebody was asked by e-mail to take a role; the letter's secret is kept as its HMAC.

    Good once, for a week; sending it again makes a new secret, and the former opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(_("role"), max_length=16, choices=Role)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    token_hmac = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="accounts_invitation_one_end",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="accounts_invitation_email_is_lower",
            ),
            # Asking somebody twice is sending the letter again.
            models.UniqueConstraint(
                "organisation",
                "role",
                "email",
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="accounts_invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}, {self.organisation}"


class RetentionRun(models.Model):
    """A day's letting go of what was kept long enough: by rule, how many rows went.

    Each batch adds its count in the transaction that deletes, so that a run that was cut short
    still says what it did; `finished_at` is null then.
    """

    started_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    is_cut_short = models.BooleanField(default=False, editable=False)
    counts = models.JSONField(_("rows by rule"), default=dict, editable=False)
    failed = models.JSONField(_("rules that failed"), default=list, editable=False)

    class Meta:
        verbose_name = _("run of the retention schedule")
        verbose_name_plural = _("runs of the retention schedule")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


class TryCount(models.Model):
    """How often somebody tried to sign in while Redis was away, under a mark that names nobody.

    The columns are those of Django's DatabaseCache, which writes them (kinder.cache).
    """

    key = models.CharField(primary_key=True, max_length=255, db_column="cache_key")
    value = models.TextField()
    expires_at = models.DateTimeField(db_column="expires", db_index=True)

    class Meta:
        verbose_name = _("count of tries")
        verbose_name_plural = _("counts of tries")

    def __str__(self) -> str:
        return f"{self.expires_at:%Y-%m-%d %H:%M}"


def make_task_key() -> str:
    return secrets.token_hex(16)


class Task(models.Model):
    """Something a worker should do, from any room; `key` makes raising it again harmless."""

    class Kind(models.TextChoices):
        CHECK_PLACE = "check_place", _("Check a place")
        MODERATE = "moderate", _("Look at something new")
        BEFRIENDING = "befriending", _("Befriending")
        CHECK_EXPIRES = "check_expires", _("A check runs out")
        REVIEW_DUE = "review_due", _("A review is due")
        RELEASE = "release", _("A release waits")
        # Shown to safeguarding leads alone; holds no word of what it is about.
        CONCERN = "concern", _("A worry was raised")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, related_name="tasks"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    key = models.CharField(max_length=120, unique=True, default=make_task_key)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    due_on = models.DateField(_("due"), null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering: ClassVar = ["due_on", "id"]
        indexes = [
            # A worker's open tasks, soonest first.
            models.Index(
                "organisation",
                "due_on",
                condition=models.Q(done_at__isnull=True),
                name="accounts_task_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}"
