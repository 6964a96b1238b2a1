"""Administration of partners and people, and what every list of the admin has in common."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from portal import audit
from portal.audit import Action
from portal.models import AuditEntry, Authenticator, Invitation, Membership, Partner, User

admin.site.site_header = admin.site.site_title = "Partner Portal administration"
admin.site.index_title = "All partners"


class BoundedPaginator(Paginator):
    """Page through the first rows only: counting all of them would read the whole table."""

    MOST = 5_000

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows[: self.MOST].count()


class ReadOnly:
    """What is only looked at, in a list or an inline: nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewestFirst(ChangeList):
    """A list in one order, the only one that an index serves, whatever the URL asks for."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]


class History(ReadOnly, admin.ModelAdmin):
    """
    A table that only grows, newest first, at the same cost however long it is.

    `searches` names the lookup for each prefix of a public id. Any other text is looked up by ""; it
    finds nothing where there is no such entry. Each lookup is exact and served by an index.
    """

    searches: ClassVar[dict[str, str]]
    sortable_by = ()
    paginator = BoundedPaginator
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestFirst

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return list(self.searches.values())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        prefix = term.partition("_")[0]
        lookup = self.searches.get(prefix) or self.searches.get("")
        return queryset.filter(**{lookup: term}) if lookup else queryset.none(), False


class Audited(admin.ModelAdmin):
    """What an administrator does here stands in the audit trail of the partners that it concerns."""

    def partners_of(self, obj: Any) -> Iterable[Partner]:
        return [obj.partner]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, Action.CREATED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        # What changed in inlines is told by save_formset(): it may be another partner's.
        own = [each["changed"] for each in message if "name" not in each.get("changed", {"name": ""})]
        if fields := [field for change in own for field in change["fields"]]:
            self._record(request, Action.CHANGED, obj, fields)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._record(request, Action.DELETED, obj)
        return super().log_deletions(request, queryset)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        super().save_formset(request, form, formset, change)
        for obj in formset.new_objects:
            _record_at(obj.partner, request, Action.CREATED, obj)
        for obj, fields in formset.changed_objects:
            _record_at(obj.partner, request, Action.CHANGED, obj, fields)
        for obj in formset.deleted_objects:
            _record_at(obj.partner, request, Action.DELETED, obj)

    @transaction.atomic
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        # Django deletes what was selected outside of any transaction.
        return super().changelist_view(request, extra_context)

    def _record(self, request: HttpRequest, action: Action, obj: Any, fields: Iterable[str] = ()) -> None:
        for partner in self.partners_of(obj):
            _record_at(partner, request, action, obj, fields)


def _record_at(
    partner: Partner, request: HttpRequest, action: Action, obj: Any, fields: Iterable[str] = ()
) -> None:
    by = cast("User", request.user).email
    audit.record(action, obj, by=by, partner=partner, detail=["by an administrator", *fields])


class Finder(AutocompleteSelect):
    """Finds partners and people by their names; Django's own breaks on what was sent and is no id."""

    #: Of an id; longer ones do not fit into the database.
    MOST_DIGITS = 18

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        ids = [each for each in value if str(each).isdecimal() and len(str(each)) <= self.MOST_DIGITS]
        return super().optgroups(name, ids, attr)


class MembershipFields:
    """A membership's partner and person are found by name, on whatever page it stands."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", Finder(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class ExistingMembers(admin.TabularInline):
    """A partner's people; new ones are added as memberships, where people can be searched."""

    model = Membership
    extra = 0
    fields = ("user", "role", "created_at")
    readonly_fields = ("user", "created_at")
    verbose_name_plural = "members"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("partner", "user")


class UsersMemberships(MembershipFields, admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("partner",)


@admin.register(Partner)
class PartnerAdmin(Audited):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    date_hierarchy = "created_at"
    show_full_result_count = False
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    inlines = (ExistingMembers,)

    def partners_of(self, obj: Partner) -> Iterable[Partner]:
        return [obj]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # With a partner would go its log, which is the proof of what was delivered.
        return False


@admin.register(Membership)
class MembershipAdmin(MembershipFields, Audited):
    list_display = ("user", "partner", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "user__name", "partner__name", "partner__slug")
    show_full_result_count = False
    autocomplete_fields = ("user", "partner")
    readonly_fields = ("created_at",)


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups")


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(Audited, DjangoUserAdmin):
    """People, known by their e-mail address; without a password they choose one by "Forgot?"."""

    form, add_form = UserForm, NewUserForm
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "created_at", "last_login")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )
    readonly_fields = ("created_at", "last_login")
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    filter_horizontal = ("groups",)
    inlines = (UsersMemberships,)

    def partners_of(self, obj: User) -> Iterable[Partner]:
        return obj.partners

    @method_decorator(sensitive_post_parameters())
    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        return super().user_change_password(request, id, form_url)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Else whoever may change users could set an administrator's password, and be one.
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        rights = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups")
        return (*self.readonly_fields, *rights)

    def _may_touch(self, request: HttpRequest, user: User | None) -> bool:
        return request.user.is_superuser or user is None or not user.is_staff


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly, Audited):
    """Who uses two-factor. It is taken from whoever lost phone and recovery codes, and never looked into."""

    list_display = ("user", "confirmed", "created_at", "last_used_at")
    list_filter = ("confirmed",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    show_full_result_count = False
    fields = readonly_fields = ("user", "confirmed", "created_at", "last_used_at", "throttling_failure_count")

    def partners_of(self, obj: Authenticator) -> Iterable[Partner]:
        return cast("User", obj.user).partners

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        return super().get_queryset(request).defer("key", "recovery_hashes")

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        # As for passwords: whoever helps members must not open the way to an administrator's account.
        may = admin.ModelAdmin.has_delete_permission(self, request, obj)
        return may and (request.user.is_superuser or obj is None or not obj.user.is_staff)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for authenticator in queryset:
            for partner in self.partners_of(authenticator):
                _record_at(partner, request, Action.TWO_FACTOR_OFF, authenticator.user)
        return admin.ModelAdmin.log_deletions(self, request, queryset)


@admin.register(Invitation)
class InvitationAdmin(History):
    list_display = ("email", "partner", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    list_filter = ("role",)
    list_select_related = ("partner",)
    searches: ClassVar = {"inv": "public_id", "": "partner__slug"}
    search_help_text = "Id (inv_…), or the partner's slug"
    fields = readonly_fields = (
        "public_id",
        "partner",
        "email",
        "role",
        "invited_by",
        "created_at",
        "expires_at",
        "accepted_at",
        "withdrawn_at",
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(History):
    """Every partner's audit trail."""

    list_display = ("at", "partner", "by", "action", "subject", "detail")
    list_filter = ("action",)
    list_select_related = ("partner",)
    searches: ClassVar = {"aud": "public_id", "": "partner__slug"}
    search_help_text = "Id (aud_…), or the partner's slug"
    fields = readonly_fields = (
        "public_id",
        "partner",
        "at",
        "by",
        "action",
        "kind",
        "subject_id",
        "subject",
        "detail",
    )
