"""Administration of partners and people, and what every list of the admin has in common."""

from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.forms import AdminLoginForm
from portal.models import Membership, Partner, User

admin.site.site_header = admin.site.site_title = "Partner Portal administration"
admin.site.index_title = "All partners"
admin.site.login_form = AdminLoginForm


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


class UsersMemberships(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("partner",)


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    date_hierarchy = "created_at"
    show_full_result_count = False
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    inlines = (ExistingMembers,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # With a partner would go its log, which is the proof of what was delivered.
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
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
class UserAdmin(DjangoUserAdmin):
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
