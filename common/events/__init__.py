"""From change to effect: outbox, relay, log, wake-ups and inbox."""
