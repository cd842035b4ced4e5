"""People with headsets: presence, offers, handover, the desk."""
