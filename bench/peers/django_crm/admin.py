"""The admin's lists, set up kindly: one query each for shops and groups of a page, no count of the whole table."""

from django.contrib import admin  # noqa: I001
from django.db.models import Count

from django_crm.models import Customer, Group


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "email", "phone", "shop", "in_groups")
    list_filter = ("groups", "shop")
    list_select_related = ("shop",)
    list_per_page = 50
    search_fields = ("name", "code", "email", "phone")
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def in_groups(self, customer):
        return ", ".join(group.name for group in customer.groups.all())


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "members")
    list_per_page = 500

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(n=Count("customers"))

    def members(self, group):
        return group.n
