"""The builder of rules with the browser's own script: what was begun stays, and no preview outlives its rule."""

from tests.browser.chrome import Chrome


def test_another_type_keeps_what_was_begun_and_an_edit_takes_the_preview_away(chrome: Chrome) -> None:
    page = chrome.open("cass")
    page.goto("/groups/new?type=rule&rule=gender%20%3D%20female")
    page.get_by_text("Gender is “female”.").wait_for()
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview section").wait_for()
    page.locator("#rule-1-value").fill("male")
    page.get_by_text("Gender is “male”.").wait_for()
    assert page.locator("#preview").inner_text() == ""
    page.get_by_role("radio", name="Shop", exact=True).check()
    page.locator("label.check", has_text="Kigali North").first.wait_for()
    assert page.locator("#rule-1-value").input_value() == "male"
    page.locator("label.check", has_text="Kigali North").get_by_role("checkbox").first.check()
    page.locator("#preview section").wait_for()
    page.get_by_role("radio", name="Rule", exact=True).check()
    page.get_by_text("Chosen").wait_for()
    assert page.locator("#items input[name=item]:checked").count() == 1
    assert page.locator("#rule-1-value").input_value() == "male"


def test_what_was_typed_for_one_field_does_not_stay_in_the_box_of_another(chrome: Chrome) -> None:
    """The box says what the portal has understood: nothing yet, where it asks for a value."""
    page = chrome.open("cass")
    page.goto("/groups/new?type=rule&rule=name%20%3D%20ann")
    page.locator("#rule-1-value").fill("lisb")
    page.get_by_text("Name is “lisb”.").wait_for()
    page.locator("#rule-1-field").select_option(label="Purchases")
    page.get_by_text("A value is missing here.").first.wait_for()
    box = page.get_by_label("Value", exact=True)
    assert box.input_value() == ""
    box.fill("3")
    page.get_by_text("Purchases is 3.").wait_for()
