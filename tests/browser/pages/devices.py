"""Hardware states that no test machine can be put into: getUserMedia answers as browsers do in them."""

import json
from collections.abc import Sequence


def no_devices_open(name: str, kinds: Sequence[str]) -> str:
    """A script: getUserMedia is refused with the DOMException `name` while devices of these kinds are plugged in."""
    devices = [{"kind": kind, "deviceId": kind, "label": "", "groupId": ""} for kind in kinds]
    return f"""
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("refused", {json.dumps(name)}));
        navigator.mediaDevices.enumerateDevices = () => Promise.resolve({json.dumps(devices)});
    """


NO_CAMERA_BUT_MICROPHONE = """
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const enumerate = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) =>
        wish.video ? Promise.reject(new DOMException("no camera", "NotFoundError")) : real(wish);
    navigator.mediaDevices.enumerateDevices = async () => (await enumerate()).filter(({kind}) => kind !== "videoinput");
"""
"""A script: a computer with a microphone alone."""

IN_APP_BROWSER = "delete Navigator.prototype.mediaDevices; delete window.RTCPeerConnection;"
"""A script: a browser inside another app, which gives pages neither camera nor connections."""

COUNT_OPENINGS = """
    window.openings = 0;
    const really = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) => { window.openings += 1; return really(wish); };
"""
"""A script: counts how often the page opens camera or microphone."""
