"""A small feed of our own making, as text, and what tests do to it.

Two bus lines cross at Mill; a metro of two lines meets at Mill Station. All of it is invented.
"""

import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tongxing.feeds import Feed, Leg, read_feed

ZONE = ZoneInfo("Europe/Vienna")

BASE = {
    "agency.txt": """\
agency_id,agency_name,agency_url,agency_timezone
t,Town Buses,https://town.invalid/,Europe/Vienna
""",
    "stops.txt": """\
stop_id,stop_name,stop_lat,stop_lon,zone_id,location_type,parent_station
hill,Hill,48.1,16.1,A,,
mill,Mill,48.2,16.2,A,,
lake,Lake,48.3,16.3,B,,
park,Park,48.4,16.4,B,,
wood,Wood,48.5,16.5,C,,
ms,Mill Station,48.2,16.2,,1,
m1,Mill Station,48.2,16.2,A,0,ms
m2,Mill Station,48.2,16.2,A,0,ms
east,East,48.6,16.6,B,,
west,West,48.7,16.7,C,,
""",
    "routes.txt": """\
route_id,agency_id,route_short_name,route_long_name,route_type,network_id
b1,t,1,Hill - Lake,3,bus
b2,t,2,Mill - Wood,3,bus
u1,t,U1,West - Mill,1,metro
u2,t,U2,Mill - East,1,metro
""",
    "calendar.txt": """\
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
all,1,1,1,1,1,1,1,20260101,20261231
work,1,1,1,1,1,0,0,20260101,20261231
""",
    "calendar_dates.txt": """\
service_id,date,exception_type
work,20260501,2
work,20260502,1
""",
    "trips.txt": """\
route_id,service_id,trip_id
b1,all,b1a
b2,all,b2a
u1,all,u1a
u2,all,u2a
b1,work,b1late
""",
    "stop_times.txt": """\
trip_id,arrival_time,departure_time,stop_id,stop_sequence
b1a,8:00:00,8:00:00,hill,1
b1a,,,mill,2
b1a,8:20:00,8:20:00,lake,3
b2a,8:30:00,8:30:00,mill,5
b2a,8:40:00,8:41:00,park,7
b2a,8:50:00,8:50:00,wood,9
u1a,7:00:00,7:00:00,west,1
u1a,7:10:00,7:10:00,m1,2
u2a,7:15:00,7:15:00,m2,1
u2a,7:30:00,7:30:00,east,2
b1late,24:30:00,24:30:00,hill,1
b1late,24:50:00,24:50:00,lake,2
""",
}

FARES_V1 = {
    "fare_attributes.txt": """\
fare_id,price,currency_type,payment_method,transfers,transfer_duration
short,1.20,EUR,0,0,
cross,2.50,EUR,0,1,3600
""",
    "fare_rules.txt": """\
fare_id,route_id,origin_id,destination_id,contains_id
short,b1,A,A,
short,b2,,,
cross,,A,C,
""",
}

FARES_V2 = {
    "fare_media.txt": "fare_media_id,fare_media_name,fare_media_type\ncash,Cash,0\ncard,Card,2\n",
    "rider_categories.txt": """\
rider_category_id,rider_category_name,is_default_fare_category
adult,Adult,1
child,Child,
""",
    "fare_products.txt": """\
fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency
bus,Bus ride,adult,cash,3.00,EUR
bus,Bus ride,adult,card,2.50,EUR
bus,Bus ride,child,card,1.00,EUR
metro,Metro ride,adult,card,4.00,EUR
metro,Metro ride,adult,cash,4.20,EUR
early,Early metro ride,adult,card,2.00,EUR
change,Change,,,0.50,EUR
both,Day return,adult,card,5.50,EUR
""",
    "areas.txt": "area_id,area_name\ntown,Town\nfar,Far\n",
    "stop_areas.txt": "area_id,stop_id\n"
    "town,hill\ntown,mill\ntown,ms\nfar,lake\nfar,east\nfar,west\n",
    "timeframes.txt": """\
timeframe_group_id,start_time,end_time,service_id
dawn,5:00:00,7:00:01,work
""",
    "fare_leg_rules.txt": """\
leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,fare_product_id
gbus,bus,,,,bus
gmetro,metro,,,,metro
""",
    "fare_leg_join_rules.txt": "from_network_id,to_network_id\nmetro,metro\n",
    "fare_transfer_rules.txt": """\
from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id
gbus,gbus,1,3600,1,0,change
gmetro,gbus,,900,2,0,
""",
}


def write_feed(folder: Path, *parts: dict[str, str | bytes | None]) -> Path:
    """A feed folder of these files; later parts replace files, None removes one."""
    files: dict[str, str | bytes | None] = dict(BASE)
    for part in parts:
        files.update(part)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if content is None:
            continue
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(raw)
    return folder


def zipped(folder: Path) -> Path:
    """The same feed as a zip file."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def feed_of(folder: Path, *parts: dict[str, str | bytes | None]) -> Feed:
    """The feed of these files, which must be sound."""
    found = read_feed(write_feed(folder, *parts))
    assert isinstance(found, Feed), found
    return found


def when(text: str) -> int:
    """The instant of a local time of the feed on 17 March 2026 (a Tuesday), or of a whole stamp."""
    whole = text if len(text) > 8 else f"2026-03-17 {text}"
    return int(datetime.fromisoformat(whole).replace(tzinfo=ZONE).timestamp())


def leg(route: str, origin: str, destination: str, depart: str, arrive: str) -> Leg:
    """A ride on a route, without a timetable."""
    return Leg(route, origin, destination, when(depart), when(arrive), (origin, destination))
