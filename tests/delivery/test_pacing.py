from bot.delivery.pacing import BOT, EVERYWHERE, GROUP, PRIVATE, Pacing


def go(pacing: Pacing, chat: int, seconds: float, spare: int = 0) -> list[float]:
    """When calls to a chat that always has something to say go out."""
    sent, now = [], 0.0
    while now <= seconds:
        if pacing.ready_at(chat, spare=spare) <= now:
            pacing.take(chat, now)
            sent.append(now)
        else:
            now += 0.05
    return sent


def test_a_private_chat_gets_a_burst_and_then_one_call_a_second() -> None:
    sent = go(Pacing(), 7, 20)
    assert len([moment for moment in sent if moment == 0]) == PRIVATE[1]
    assert PRIVATE[1] + 18 <= len(sent) <= PRIVATE[1] + 20


def test_a_group_gets_about_twenty_a_minute() -> None:
    sent = [moment for moment in go(Pacing(), -7, 120) if moment > 60]
    assert 16 <= len(sent) <= 18
    assert len(go(Pacing(), -7, 60)) <= 20
    assert GROUP[1] <= 3


def test_a_delivery_of_several_calls_counts_as_several() -> None:
    pacing = Pacing()
    pacing.take(7, 0.0, calls=PRIVATE[1])
    assert pacing.ready_at(7) == PRIVATE[0]


def test_progress_leaves_room_for_results() -> None:
    pacing = Pacing()
    assert len([moment for moment in go(pacing, 7, 0, spare=2) if moment == 0]) == PRIVATE[1] - 2
    assert pacing.ready_at(7, spare=0) <= 0


def test_the_bot_as_a_whole_keeps_below_telegrams_limit() -> None:
    pacing, sent, now = Pacing(), 0, 0.0
    while now < 10:
        for chat in range(1, 200):
            if pacing.ready_at(chat) <= now:
                pacing.take(chat, now)
                sent += 1
        now += 0.05
    assert sent <= BOT[1] + 10 / BOT[0] + 1


def test_a_refusal_pauses_its_chat_only() -> None:
    pacing = Pacing()
    pacing.pause(7, 0.0, 30.0)
    assert pacing.ready_at(7) == 30.0
    assert pacing.ready_at(8) <= 0.0


def test_two_chats_refused_at_once_pause_all() -> None:
    pacing = Pacing()
    pacing.pause(7, 10.0, 30.0)
    pacing.pause(7, 10.2, 30.0)
    assert pacing.ready_at(9) <= 10.2
    pacing.pause(8, 10.5, 5.0)
    assert pacing.ready_at(9) == 15.5
    pacing.pause(7, 60.0, 5.0)
    assert pacing.ready_at(9) <= 60.0


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    pacing = Pacing()
    pacing.pause(7, 0.0, 60.0)
    pacing.pause(7, 1.0, 1.0)
    assert pacing.ready_at(7) == 60.0


def test_quiet_chats_are_forgotten() -> None:
    pacing = Pacing()
    for chat in range(1, 10_500):
        pacing.take(chat, float(chat))
    assert len(pacing._chats) < 10_500


def test_pauses_can_be_listed_and_taken_up_again() -> None:
    pacing, later = Pacing(), Pacing()
    pacing.pause(7, 100.0, 30.0)
    pacing.pause(8, 100.5, 5.0)
    assert pacing.pauses(101.0) == {7: 29.0, 8: 4.5, EVERYWHERE: 4.5}
    for chat, left in pacing.pauses(101.0).items():
        later.pause_until(chat, 1.0 + left)
    assert [later.pause_left(chat, 1.0) for chat in (7, 8, 9)] == [29.0, 4.5, 4.5]
    assert [later.pause_left(chat, 40.0) for chat in (7, 8, 9)] == [0.0, 0.0, 0.0]
    assert pacing.pauses(200.0) == {}
