#!/usr/bin/env python3
"""A scriptable softphone on a real SIP and media stack (pjsip), for tests.

    softphone.py [--mode MODE] [--digits DIGITS] [--after SECONDS] [--port PORT] [--record FILE] ...

It listens on 127.0.0.1, or --host, and takes calls, one after the other. Needs `pip install pjsua2-python==2.15.1.post1`.

Modes (what it does with a call):
    answer    rings, answers, and presses DIGITS, if given, SECONDS after it first hears audio (the default)
    silent    rings, answers, and presses nothing
    hangup    rings, answers, and hangs up SECONDS after the answer
    ring      rings and never answers
    busy      refuses with 486
    decline   refuses with 603
    manual    rings and does only what commands say

Options:
    --digits DIGITS     keys to press: 0-9, *, #
    --method rfc|info   how keys are sent: RFC 4733 events in RTP (the default) or SIP INFO
    --codec pcmu|pcma   the only codec it accepts; both if left out
    --srtp off|optional|required
                        whether it encrypts audio (SDES): never (the default), if the caller offers it, always
    --after SECONDS     see the modes; 0.5 if left out
    --host ADDRESS      its address; 127.0.0.1 if left out
    --port PORT         its SIP port; any free one if left out
    --transport T       udp (the default), tcp, or tls
    --certificate FILE, --key FILE    what it shows over TLS
    --record FILE       writes what it hears as a WAV file (16 bit mono), complete once it has ended

Commands, one a line on standard input, for the call that is there:
    mode MODE [DIGITS]  changes what it does with the next call
    answer              answers
    digits DIGITS       presses keys
    busy | decline      refuses
    hold | resume       puts the call on hold, and back
    hangup              hangs up
    quit                ends the softphone; the end of standard input does the same

Events, one JSON object a line on standard output; the first is always `ready`:
    {"event": "ready", "port": 5060}
    {"event": "incoming", "from": "<sip:help@example.org>", "to": "<sip:+14155550123@example.org>"}
    {"event": "answered"}
    {"event": "media", "encrypted": false}          audio flows
    {"event": "held"} and {"event": "resumed"}      the call is on hold, and is not any more
    {"event": "quality", "heard": 250, "lost": 0, "reports": 1, "lost_there": 0}
                                                    what it heard and lost; reports on its own audio, and the loss
                                                    that they told
    {"event": "pressed", "digits": "123456"}
    {"event": "ended", "code": 200, "reason": "Normal call clearing"}
    {"event": "error", "text": "..."}               a command was not understood or could not be done
"""

import argparse
import json
import os
import queue
import sys
import threading
import time

try:
    import pjsua2 as pj
except ImportError:
    sys.exit("softphone.py: pjsua2 is missing; run: pip install pjsua2-python==2.15.1.post1")

MODES = ("answer", "silent", "hangup", "ring", "busy", "decline", "manual")

# The library writes to the descriptor of standard output even when it is told to be quiet; events get a
# descriptor of their own, and the library's is standard error.
EVENTS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def tell(event, **members):
    """Writes one event."""
    EVENTS.write(json.dumps({"event": event, **members}) + "\n")
    EVENTS.flush()


class Call(pj.Call):
    """A call that somebody makes to this softphone."""

    def __init__(self, phone, call_id):
        super().__init__(phone.account, call_id)
        self.phone = phone
        self.answered = False
        self.hears = False
        self.held = False

    def onCallState(self, prm):
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED and not self.answered:
            self.answered = True
            tell("answered")
            if self.phone.mode == "hangup":
                self.phone.later(self.phone.options.after, lambda: self.drop(200))
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            tell("ended", code=info.lastStatusCode, reason=info.lastReason)
            self.phone.call = None

    def onCallMediaState(self, prm):
        # The list of streams belongs to the information and lives no longer than it.
        info = self.getInfo()
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD:
                self.held = True
                tell("held")
            if media.type != pj.PJMEDIA_TYPE_AUDIO or media.status != pj.PJSUA_CALL_MEDIA_ACTIVE:
                continue
            audio = self.getAudioMedia(media.index)
            if self.phone.recorder is not None:
                audio.startTransmit(self.phone.recorder)
            if self.held:
                self.held = False
                tell("resumed")
            if not self.hears:
                self.hears = True
                tell("media", encrypted="SRTP status: Active" in self.dump(True, ""))
                if self.phone.mode == "answer" and self.phone.digits:
                    digits = self.phone.digits
                    self.phone.later(self.phone.options.after, lambda: self.press(digits))

    def onStreamDestroyed(self, prm):
        report = self.getStreamStat(prm.streamIdx).rtcp
        tell("quality", heard=report.rxStat.pkt, lost=report.rxStat.loss, reports=report.txStat.updateCount,
             lost_there=report.txStat.loss)

    def hold(self):
        """Puts the call on hold."""
        self.setHold(pj.CallOpParam())

    def resume(self):
        """Takes the call back."""
        prm = pj.CallOpParam(True)
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.reinvite(prm)

    def press(self, digits):
        """Presses keys, one after the other."""
        if not self.answered:
            raise RuntimeError("the call is not answered")
        prm = pj.CallSendDtmfParam()
        info = self.phone.options.method == "info"
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        prm.duration = 100
        prm.digits = digits
        self.sendDtmf(prm)
        tell("pressed", digits=digits)

    def reply(self, code):
        """Answers the INVITE."""
        prm = pj.CallOpParam()
        prm.statusCode = code
        self.answer(prm)

    def drop(self, code):
        """Refuses or hangs up."""
        prm = pj.CallOpParam()
        prm.statusCode = code
        self.hangup(prm)


class Account(pj.Account):
    """Takes the calls."""

    def __init__(self, phone):
        super().__init__()
        self.phone = phone

    def onIncomingCall(self, prm):
        phone = self.phone
        call = Call(phone, prm.callId)
        if phone.call is not None:
            call.drop(486)
            return
        phone.call = call
        info = call.getInfo()
        tell("incoming", **{"from": info.remoteUri, "to": info.localUri})
        if phone.mode == "busy":
            call.drop(486)
        elif phone.mode == "decline":
            call.drop(603)
        else:
            call.reply(180)
            if phone.mode in ("answer", "silent", "hangup"):
                call.reply(200)


class Softphone:
    """The endpoint, its account, and what is due later."""

    def __init__(self, options):
        self.options = options
        self.mode = options.mode
        self.digits = options.digits
        self.call = None
        self.recorder = None
        self.due = []
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = 1
        config.logConfig.consoleLevel = 1
        # Everything happens in this one thread: callbacks into Python from others are not safe.
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.medConfig.noVad = True
        # The rate of the codecs, so that recordings are what came in.
        config.medConfig.clockRate = 8000
        config.medConfig.sndClockRate = 8000
        # Otherwise the idle device is closed after a second, and with it the call's stream of sound.
        config.medConfig.sndAutoCloseTime = -1
        self.endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port = options.port
        transport.boundAddress = options.host
        transport.publicAddress = options.host
        if options.transport == "tls":
            transport.tlsConfig.certFile, transport.tlsConfig.privKeyFile = options.certificate, options.key
        kinds = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
        self.transport = self.endpoint.transportCreate(kinds[options.transport], transport)
        self.endpoint.libStart()
        self.endpoint.audDevManager().setNullDev()
        for codec in self.endpoint.codecEnum2():
            wanted = codec.codecId.upper().startswith(tuple(f"{name.upper()}/8000" for name in options.codecs))
            self.endpoint.codecSetPriority(codec.codecId, 200 if wanted else 0)
        if options.record:
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(options.record)
        account = pj.AccountConfig()
        account.idUri = f"sip:softphone@{options.host}"
        account.mediaConfig.transportConfig.boundAddress = options.host
        account.mediaConfig.transportConfig.publicAddress = options.host
        account.mediaConfig.transportConfig.port = options.port + 2 if options.port else 0
        account.mediaConfig.srtpUse = {
            "off": pj.PJMEDIA_SRTP_DISABLED,
            "optional": pj.PJMEDIA_SRTP_OPTIONAL,
            "required": pj.PJMEDIA_SRTP_MANDATORY,
        }[options.srtp]
        account.mediaConfig.srtpSecureSignaling = 0
        # The refresh of the session would come in the middle of a test.
        account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        self.account = Account(self)
        self.account.create(account)

    def port(self):
        """The SIP port."""
        info = self.endpoint.transportGetInfo(self.transport)
        return int(info.localName.rsplit(":", 1)[1])

    def later(self, seconds, action):
        """Does something in a while, unless the call has ended by then."""
        self.due.append((time.monotonic() + seconds, self.call, action))

    def run(self, commands):
        """Handles calls and commands until the end."""
        while True:
            self.endpoint.libHandleEvents(10)
            try:
                while True:
                    words = commands.get_nowait()
                    if words is None or not self.obey(words):
                        return
            except queue.Empty:
                pass
            now = time.monotonic()
            ready = [entry for entry in self.due if entry[0] <= now]
            self.due = [entry for entry in self.due if entry[0] > now]
            for _, call, action in ready:
                if call is self.call and call is not None:
                    self.attempt(action)

    def attempt(self, action):
        """Does something that may fail; a failure is an event."""
        try:
            action()
        except (pj.Error, RuntimeError) as error:
            tell("error", text=error.reason if isinstance(error, pj.Error) else str(error))

    def obey(self, words):
        """Carries out one command; False ends the softphone."""
        call = self.call
        match words:
            case []:
                pass
            case ["quit"]:
                return False
            case ["mode", mode, *digits] if mode in MODES and len(digits) < 2:
                self.mode, self.digits = mode, "".join(digits)
            case ["answer" | "busy" | "decline" | "hangup" | "hold" | "resume" | "digits", *_] if call is None:
                tell("error", text="there is no call")
            case ["answer"]:
                self.attempt(lambda: call.reply(200))
            case ["busy"]:
                self.attempt(lambda: call.drop(486))
            case ["decline"]:
                self.attempt(lambda: call.drop(603))
            case ["hold"]:
                self.attempt(call.hold)
            case ["resume"]:
                self.attempt(call.resume)
            case ["hangup"]:
                self.attempt(lambda: call.drop(200))
            case ["digits", digits]:
                self.attempt(lambda: call.press(digits))
            case _:
                tell("error", text=f"unknown command: {' '.join(words)}")
        return True

    def close(self):
        """Ends everything, so that the recording is complete."""
        self.endpoint.hangupAllCalls()
        until = time.monotonic() + 2
        while self.call is not None and time.monotonic() < until:
            self.endpoint.libHandleEvents(10)
        self.call = None
        self.recorder = None
        self.account.shutdown()
        self.endpoint.libDestroy()


def read_commands(commands):
    """Reads standard input to its end."""
    for line in sys.stdin:
        commands.put(line.split())
    commands.put(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=MODES, default="answer")
    parser.add_argument("--digits", default="")
    parser.add_argument("--method", choices=("rfc", "info"), default="rfc")
    parser.add_argument("--codec", dest="codecs", action="append", choices=("pcmu", "pcma"))
    parser.add_argument("--srtp", choices=("off", "optional", "required"), default="off")
    parser.add_argument("--after", type=float, default=0.5)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--transport", choices=("udp", "tcp", "tls"), default="udp")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    parser.add_argument("--record")
    options = parser.parse_args()
    options.codecs = options.codecs or ["pcmu", "pcma"]
    phone = Softphone(options)
    commands = queue.Queue()
    threading.Thread(target=read_commands, args=(commands,), daemon=True).start()
    tell("ready", port=phone.port())
    phone.run(commands)
    phone.close()


if __name__ == "__main__":
    main()
