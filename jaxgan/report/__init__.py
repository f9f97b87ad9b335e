"""Pages for people: one file each, which asks no host for anything."""

from jaxgan.report.explorer import Choice as Choice
from jaxgan.report.explorer import Direction as Direction
from jaxgan.report.explorer import Explored as Explored
from jaxgan.report.explorer import FromLatents as FromLatents
from jaxgan.report.explorer import FromPictures as FromPictures
from jaxgan.report.explorer import Runtime as Runtime
from jaxgan.report.explorer import explorer_page as explorer_page
from jaxgan.report.run_report import run_report as run_report
