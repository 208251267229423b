"""What people agree to in befriending, in the words that they read, and what ends when they take it
back."""

from django.utils.translation import gettext_lazy as _

from connections.befriending.actions import consents
from connections.befriending.vocabulary import ConsentFor
from kinder.accounts.consents import Wording, register_wording


def register_wordings() -> None:
    """Register the wordings; called once, when the app is ready."""
    register_wording(
        Wording(
            purpose=ConsentFor.TAKING_PART,
            version="2026-1",
            label=ConsentFor.TAKING_PART.label,
            text=_(
                "The service may look for somebody who keeps me company. For that it keeps my "
                "name, how to reach me, when I am free, what I like and what helps me. Its "
                "coordinators and safeguarding leads can read it. The person I meet sees what I "
                "am called and what we agree on. I can read what is kept, take a break, or stop, "
                "and need not say why."
            ),
            afterwards=_(
                "The coordinator brings it to a good end with you. What is kept stays until you "
                "ask for it to be erased."
            ),
            on_withdrawal=consents.end_taking_part,
        )
    )
    register_wording(
        Wording(
            purpose=ConsentFor.VOLUNTEERING,
            version="2026-1",
            label=ConsentFor.VOLUNTEERING.label,
            text=_(
                "The service may suggest people to me who would like company. For that it keeps "
                "my name, how to reach me, when I am free, what I like, who vouches for me, my "
                "training, and whether a check cleared me, never what it found. Its coordinators "
                "and safeguarding leads can read it. I can take a break or stop, and need not say "
                "why."
            ),
            afterwards=_(
                "Nobody new is suggested to you, and the coordinator brings your pairings to a "
                "good end. What is kept stays until you ask for it to be erased."
            ),
            on_withdrawal=consents.end_volunteering,
        )
    )
    register_wording(
        Wording(
            purpose=ConsentFor.OUTCOMES,
            version="2026-1",
            label=ConsentFor.OUTCOMES.label,
            text=_(
                "The coordinator may ask me now and then a few questions about how I feel, and "
                "keep my answers, to see whether befriending helps. I can skip any question. "
                "Numbers about many people may be told, never mine."
            ),
            afterwards=_("You are asked no more, and your answers are deleted."),
            on_withdrawal=consents.forget_answers,
        )
    )
