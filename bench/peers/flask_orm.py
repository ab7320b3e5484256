"""Peer of the exchange benchmark: Flask with the SQLAlchemy ORM on psycopg, as in the carrier's quickstarts."""

import os

from flask import Flask, Response, jsonify, request
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from peers import quickstart

engine = create_engine(
    os.environ["EPOCH_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1), **quickstart.POOL
)
app = Flask(__name__)


@app.post("/widget/exchange")
def exchange() -> tuple[Response, int]:
    """Exchange an embed token."""
    with Session(engine) as db:
        row = db.execute(quickstart.look_up(request.get_json()["token"])).one_or_none()
        try:
            response, status = jsonify(quickstart.answer(row, request.headers.get("Origin"))), 200
        except quickstart.Refused as refused:
            response, status = jsonify(detail=refused.detail), refused.status
    response.headers.update(quickstart.HEADERS)
    return response, status
