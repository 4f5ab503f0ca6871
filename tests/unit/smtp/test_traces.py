"""What a session says of letters, for who asks where their mail is."""

from __future__ import annotations

from tests.unit.smtp.world import Client, open_world


async def test_a_letter_that_was_taken_is_found_by_sender_recipient_and_message_id() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope("alice@example.org")
    await client.say("Message-ID: <one@example.net>\r\n\r\nhello\r\n.")
    [(what, marks, fields)] = world.steps.noted
    assert what == "received"
    assert {"ann@example.net", "alice@example.org"} < set(marks)
    assert any("one@example.net" in mark for mark in marks)
    assert fields["peer"] == "192.0.2.7"
    assert str(fields["answer"]).startswith("Stored as ")


async def test_a_recipient_that_was_refused_is_found_too_with_the_words() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope(data=False)
    await client.say("RCPT TO:<nobody@example.org>")
    [(what, marks, fields)] = world.steps.noted
    assert (what, marks) == ("refused", ["ann@example.net", "nobody@example.org"])
    assert fields["answer"] == "550 5.1.1 There is no such mailbox here"


async def test_a_letter_that_was_refused_is_found_with_the_words() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope("alice@example.org")
    await client.say("Subject: hello\r\n\r\na bare line end\nhere\r\n.")
    [(what, _, fields)] = world.steps.noted
    assert what == "refused"
    assert str(fields["answer"]).startswith("554 ")
