"""Models over the peers' tables, as Django would have made them."""

from django.db import models


class Shop(models.Model):
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "peer_shop"

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "peer_group"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, db_index=True)
    phone = models.CharField(max_length=60, db_index=True)
    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT)
    language = models.CharField(max_length=60)
    address = models.CharField(max_length=500)
    groups = models.ManyToManyField(Group, db_table="peer_customer_groups", related_name="customers")

    class Meta:
        managed = False
        db_table = "peer_customer"
        ordering = ("name", "id")
