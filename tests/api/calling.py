"""A caller of the API, by token."""

import json

from django.test import Client

from revops.apikeys.operations import create_token
from tests.factories.people import AT, SYSTEM


class Caller:
    def __init__(self, person, *, client=None):
        secret = create_token(person=person, by=SYSTEM, at=AT).secret
        self.client = client or Client(headers={"Authorization": f"Bearer {secret}"})

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path, body=None, **headers):
        return self.send("post", path, body, **headers)

    def patch(self, path, body=None, **headers):
        return self.send("patch", path, body, **headers)

    def put(self, path, body=None, **headers):
        return self.send("put", path, body, **headers)

    def send(self, method, path, body=None, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(
            f"/api/v1/{path}",
            json.dumps({} if body is None else body),
            content_type="application/json",
            headers=names,
        )
