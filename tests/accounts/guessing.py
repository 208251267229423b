"""A process of its own that tries to sign in, for tests of what all processes count together."""

import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.conf import settings
    from django.test import Client
    from django.test.utils import override_settings, setup_test_environment

    setup_test_environment()
    email, password, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = Client()
    # Pages are answered without files that only a start of the site gathers.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        for _time in range(times):
            client.post("/accounts/login/", {"login": email, "password": password})
    print("in" if "_auth_user_id" in client.session else "out")
