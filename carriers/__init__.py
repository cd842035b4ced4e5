"""The telephone network: we speak verbs, the carrier speaks TwiML."""
