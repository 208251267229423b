"""What Celery calls: each task is one function of this room, and may run late or twice."""

from celery import shared_task

from connections.interactions.asking import actions as asking
from connections.interactions.asking import mail
from connections.interactions.voices import stories


@shared_task
def ask_this_month() -> None:
    """Draw the month's day, write down who is asked once it is over, and send the mails."""
    asking.draw_prompt()
    asking.ask_enrolled()
    mail.send_due()


@shared_task
def publish_stories() -> None:
    """Publish the month's batch of stories that two people have signed."""
    stories.publish_batch()
