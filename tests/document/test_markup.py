"""Elements as text."""

from chainrule.document.markup import element, escaped


def test_text_is_made_harmless():
    assert escaped("<b a='1' c=\"2\">&") == "&lt;b a=&#x27;1&#x27; c=&quot;2&quot;&gt;&amp;"


def test_what_no_markup_may_hold_is_replaced():
    replaced = escaped("a\x00b\x1bc\ud800d\n\t")
    assert replaced == "a\ufffdb\ufffdc\ufffdd\n\t"
    replaced.encode("utf-8")


def test_attributes():
    assert element("a", "x", b=1.25, c=2.0, d=None, class_="<") == '<a b="1.2" c="2" class="&lt;">x</a>'
