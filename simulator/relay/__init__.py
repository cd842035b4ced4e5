"""ConversationRelay: the carrier speaks and listens, the application reads and writes."""
