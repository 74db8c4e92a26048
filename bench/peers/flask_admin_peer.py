"""Flask-Admin over SQLAlchemy: its list, its filter on a group, its search."""

import sys
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from lines import answer
from sqlalchemy import Column, ForeignKey, Integer, Table, Text, create_engine
from sqlalchemy.orm import declarative_base, relationship, scoped_session, sessionmaker

Base = declarative_base()
links = Table(
    "peer_customer_groups", Base.metadata,
    Column("customer_id", ForeignKey("peer_customer.id"), primary_key=True),
    Column("group_id", ForeignKey("peer_group.id"), primary_key=True),
)  # fmt: skip


class Shop(Base):
    __tablename__ = "peer_shop"
    id = Column(Integer, primary_key=True)
    code, name = Column(Text), Column(Text)

    def __str__(self) -> str:
        return self.name


class Group(Base):
    __tablename__ = "peer_group"
    id = Column(Integer, primary_key=True)
    code, name = Column(Text), Column(Text)

    def __str__(self) -> str:
        return self.name


class Customer(Base):
    __tablename__ = "peer_customer"
    id = Column(Integer, primary_key=True)
    code, name, email, phone = Column(Text), Column(Text), Column(Text), Column(Text)
    language, address = Column(Text), Column(Text)
    shop_id = Column(ForeignKey("peer_shop.id"))
    shop = relationship(Shop)
    groups = relationship(Group, secondary=links)


class CustomerView(ModelView):
    page_size = 50
    column_list = ("name", "code", "email", "phone", "shop", "groups")
    column_filters = ("groups.code", "shop.code")
    column_searchable_list = ("name", "code", "email", "phone")
    column_default_sort = "name"


url = sys.argv[1].replace("postgresql://", "postgresql+psycopg://")
session = scoped_session(sessionmaker(create_engine(url)))
app = Flask(__name__)
app.config.update(SECRET_KEY="b" * 40)
view = CustomerView(Customer, session)
Admin(app).add_view(view)
place = next(i for i, one in enumerate(view._filters) if "Group" in str(one.name) and one.operation() in {"equals"})
client = app.test_client()


@app.teardown_request
def end(error: BaseException | None) -> None:
    session.remove()


def page(query: str) -> int:
    answered = client.get(f"/admin/customer/?{query}")
    assert answered.status_code == 200, answered.status_code
    return answered.text.count("<tr")


def group_page(group: int) -> int:
    return page(f"flt0_{place}=group-{group:03}")


def search(text: str) -> int:
    return page(f"search={quote(text)}")


answer({"group page": group_page, "search": search})
