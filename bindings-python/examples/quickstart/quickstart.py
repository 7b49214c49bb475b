import sansocket

sio = sansocket.AsyncServer(async_mode="asgi")
app = sansocket.ASGIApp(sio)


@sio.event
async def connect(sid, environ, auth):
    if not auth or "name" not in auth:
        raise sansocket.exceptions.ConnectionRefusedError("say who you are")
    await sio.save_session(sid, {"name": auth["name"]})
    await sio.enter_room(sid, "lobby")


@sio.on("chat message")
async def chat_message(sid, text):
    session = await sio.get_session(sid)
    await sio.emit("chat message", (session["name"], text), room="lobby", skip_sid=sid)
    return "saved"
