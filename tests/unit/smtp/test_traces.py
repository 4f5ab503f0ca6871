"""What a session says of letters, for who asks where their mail is."""

from __future__ import annotations

from tests.unit.smtp.test_queueing import login
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


async def test_a_sender_that_was_refused_is_found_with_the_words() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    for _ in range(2):
        assert (await client.say("MAIL FROM:<ann@example.net> SIZE=999999999")).startswith("552 ")
    assert [(what, marks) for what, marks, _ in world.steps.noted] == [("refused", ["ann@example.net"])] * 2
    _, _, fields = world.steps.noted[0]
    assert (fields["peer"], fields["answer"]) == ("192.0.2.7", "552 5.3.4 The message is too large")


async def test_who_wrote_in_anothers_name_is_found() -> None:
    world = await open_world("submission")
    client = await login(world)
    assert (await client.say("MAIL FROM:<bob@example.org>")).startswith("553 ")
    [(what, marks, fields)] = world.steps.noted
    assert (what, marks, fields["login"]) == ("refused", ["bob@example.org"], "alice@example.org")


async def test_refused_senders_are_counted() -> None:
    world = await open_world(refused_recipients=2)
    client = Client(world)
    await client.reply()
    await client.say("EHLO client")
    for _ in range(2):
        await client.say("MAIL FROM:<ann@example.net> SIZE=999999999")
    assert (await client.reply())[-1].startswith("421 4.7.0")
