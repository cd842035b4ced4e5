"""What stands in the place of a document's tags."""

from __future__ import annotations

import pytest

from simulator.hosted.templates import BadTemplate, filled, values_of

GIVEN = (
    ("From", "+13125550101"),
    ("To", "sip:+15125551212@shop.sip.twilio.com"),
    ("Body", "<Hangup/> & \"more\" 'so'"),
    ("Dest[]", "+12025551212"),
    ("Dest[]", "+17035551212"),
    ("Digits", ""),
    ("Broken", "a\x00b"),
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<Say>{{From}}</Say>", "<Say>+13125550101</Say>"),
        ("{{ From }}", "+13125550101"),
        ("[{{Digits}}{{Unknown}}]", "[]"),
        ("{{Body}}", "&lt;Hangup/&gt; &amp; &quot;more&quot; &#39;so&#39;"),
        ("{{{Body}}}{{&From}}", "<Hangup/> & \"more\" 'so'+13125550101"),
        ("{{Broken}}", "a\ufffdb"),
        ("a{{! what it is for }}b", "ab"),
        ("{{#From}}from {{From}}{{/From}}", "from +13125550101"),
        ("{{#Digits}}no{{/Digits}}{{^Digits}}none{{/Digits}}", "none"),
        ("{{^From}}no{{/From}}{{#Unknown}}no{{/Unknown}}{{^Unknown}}yes{{/Unknown}}", "yes"),
        ("{{#Dest}}<Number>{{.}}</Number>{{/Dest}}",
         "<Number>+12025551212</Number><Number>+17035551212</Number>"),
        ("{{Dest}}", "+17035551212"),
        ("{{#e164}}{{To}}{{/e164}}", "+15125551212"),
        ("{{#e164}} {{From}} {{/e164}}", "+13125550101"),
        ("{{#e164}}sips:5125551212@x{{/e164}}", "+15125551212"),
        ("{{#e164}}client:jane{{/e164}}", "client:jane"),
        ("{{#From}}{{#e164}}{{To}}{{/e164}}{{^To}}no{{/To}}{{/From}}", "+15125551212"),
        ("{ {From} } {{", "{ {From} } {{"),
        ("ä {{From}}", "ä +13125550101"),
    ],
)  # fmt: skip
def test_a_tag_is_what_was_given(template: str, expected: str) -> None:
    assert filled(template.encode(), values_of(GIVEN)).decode() == expected


def test_a_document_without_tags_is_as_it_was() -> None:
    document = b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<Response>\xff {a} }} </Response>"
    assert filled(document, values_of(GIVEN)) == document


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{{#From}}", "{{#From}} has no end"),
        ("{{^From}}{{#To}}{{/To}}", "{{^From}} has no end"),
        ("{{#From}}{{#To}}{{/From}}{{/To}}", "{{/From}} ends nothing"),
        ("{{/From}}", "{{/From}} ends nothing"),
        ("{{/}}", "{{/}} ends nothing"),
        ("{{>other}}", "{{>other}} is not emulated here"),
        ("{{=<% %>=}}", "{{=<% %>=}} is not emulated here"),
    ],
)
def test_a_tag_that_cannot_be_followed_is_named(template: str, named: str) -> None:
    with pytest.raises(BadTemplate) as bad:
        filled(template.encode(), values_of(GIVEN))
    assert str(bad.value).startswith(named)
