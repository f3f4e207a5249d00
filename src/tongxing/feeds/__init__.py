"""Open transit data: GTFS feeds in and out, and TIDES fare transactions.

A feed is data of others: it is read strictly, priced as written, and never believed further than
it says. What the formats cannot say of our tariffs and taps is named, not approximated. This room
stands above prices and messages and below the commands; nothing else may import it.
"""

from tongxing.feeds.asking import Answer, PriceRow, Question, ask, find_stops
from tongxing.feeds.fares_v1 import price_tickets
from tongxing.feeds.fares_v2 import Leg, Matcher
from tongxing.feeds.itinerary import Journey, price_journey
from tongxing.feeds.model import Feed
from tongxing.feeds.network import FeedNetwork, feed_network
from tongxing.feeds.opening import Limits
from tongxing.feeds.reading import read_feed
from tongxing.feeds.tables import feed_texts, money

__all__ = [
    "Answer",
    "Feed",
    "FeedNetwork",
    "Journey",
    "Leg",
    "Limits",
    "Matcher",
    "PriceRow",
    "Question",
    "ask",
    "feed_network",
    "feed_texts",
    "find_stops",
    "money",
    "price_journey",
    "price_tickets",
    "read_feed",
]
