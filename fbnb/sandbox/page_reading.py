"""Twin of flows/page_reading: a Page's own fields and its posts, for who may read them."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import caller, unsupported
from fbnb.sandbox.fields import node, paged, wanted
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.page_tokens import NODE_FIELDS, READ_FIELDS, READS, UNTOLD, reach, tasks, values
from fbnb.sandbox.seed import Post
from fbnb.sandbox.world import World

_POST_FIELDS = ("id", "message", "created_time", "permalink_url", "story")
# Graph knows these too, and leaves them out where a post has nothing to say under them, as every post of this world.
_UNTOLD = tuple("attachments full_picture icon message_tags picture shares status_type story_tags to updated_time".split())
_READERS = frozenset(
    "CREATE_CONTENT MANAGE MODERATE PROFILE_PLUS_CREATE_CONTENT PROFILE_PLUS_MANAGE PROFILE_PLUS_MODERATE"
    " PROFILE_PLUS_FULL_CONTROL".split()
)
_NO_TASK = (
    "(#200) User does not have sufficient administrative permission for this action on this page. If the page business requires"
    " Two Factor Authentication, the user also needs to enable Two Factor Authentication."
)


def read_page(world: World, asked: Asked, page: str) -> dict[str, Any]:
    """`GET /{page}` with a field that is more than a name: needs pages_read_engagement."""
    token = caller(world, asked)
    reach(world, token, page, needs=READS)
    fields = wanted(asked, (*NODE_FIELDS, *READ_FIELDS, *UNTOLD), (), "Page")
    return node(fields, values(world, asked, token, page))


def list_posts(world: World, asked: Asked, page: str, edge: str) -> dict[str, Any]:
    """`GET /{page}/posts`, newest first; `/feed` has what visitors wrote as well, and needs a permission more."""
    token = caller(world, asked)
    if not world.page_exists(page):
        raise unsupported(page)
    reach(world, token, page, needs=READS)
    if edge == "feed":
        reach(world, token, page, needs="pages_read_user_content")
    if not _READERS & set(tasks(world, token.person, page)):
        raise Refusal(200, _NO_TASK)
    fields = wanted(asked, (*_POST_FIELDS, *_UNTOLD), _POST_FIELDS[:3], "Post")
    posts = {f"{page}_{post.id}": post for post in _by_now(world, page) if edge == "feed" or not post.by_visitor}
    return paged(world, asked, list(posts), lambda id: node(fields, _post(page, id, posts[id])))


def _by_now(world: World, page: str) -> list[Post]:
    posts = [post for post in world.pages[page].posts if post.created_time <= world.now()]
    return sorted(posts, key=lambda post: post.created_time, reverse=True)


def _post(page: str, id: str, post: Post) -> dict[str, Any]:
    return {
        "id": lambda: id,
        "message": lambda: post.message,
        "created_time": lambda: f"{post.created_time:%Y-%m-%dT%H:%M:%S}+0000",
        "story": lambda: None,
        "permalink_url": lambda: f"https://www.facebook.com/{page}/posts/{post.id}",
    }
