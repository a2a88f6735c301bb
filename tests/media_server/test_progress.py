from media_server.recording.progress import Progress


def test_saved_is_what_lies_wholly_below_the_synced_length() -> None:
    progress = Progress()
    progress.written(100, 20)
    progress.written(200, 40)
    progress.synced(199)
    assert progress.saved_ms == 20
    progress.synced(200)
    assert progress.saved_ms == 40


def test_a_late_block_does_not_take_back_what_was_saved() -> None:
    progress = Progress()
    progress.written(100, 500)
    progress.written(200, 300)
    progress.synced(200)
    assert progress.saved_ms == 500


def test_what_arrives_while_the_disk_is_full_counts_as_received() -> None:
    progress = Progress()
    progress.written(100, 1_000)
    progress.hold(10.0)
    assert progress.received_ms(13.5) == 4_500
    progress.release()
    assert progress.received_ms(14.0) == 1_000
