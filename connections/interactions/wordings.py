"""What residents agree to in this room, in the words that they read."""

from django.utils.translation import gettext_lazy as _

from connections.interactions.asking import actions as asking
from connections.interactions.voices import stories
from kinder.accounts.consents import Wording, register_wording


def register_wordings() -> None:
    register_wording(
        Wording(
            purpose=asking.CONSENT,
            version="2026-1",
            label=_("One day a month"),
            text=_(
                "We ask you once a month what you remember of one ordinary day. We keep your "
                "answers and your neighbourhood, without your name, and only show numbers about "
                "many people. You can skip any question, pause or stop, and delete what you said."
            ),
            afterwards=_("We ask no more. Your answers stay until you delete them."),
            on_withdrawal=asking.end_with_consent,
        )
    )
    register_wording(
        Wording(
            purpose=stories.CONSENT,
            version="2026-1",
            label=_("Sharing a story"),
            text=_(
                "Everybody can read my story on the page of my community, with the month and the "
                "community and nothing else. Two people check it first. If they change a word, I "
                "see it and say yes or no. I can take it back at any time, and it is gone at once "
                "from the pages, and from the next report. What somebody has copied or printed "
                "cannot be called back."
            ),
            afterwards=_("All your stories are gone from the pages and from the next report."),
            on_withdrawal=stories.end_with_consent,
        )
    )
