"""Every change of people; each module tells one part of it."""

from revops.people.operations.absences import cancel_absence as cancel_absence
from revops.people.operations.absences import change_absence as change_absence
from revops.people.operations.absences import enter_absence as enter_absence
from revops.people.operations.leaving import check_successor as check_successor
from revops.people.operations.leaving import deactivate_person as deactivate_person
from revops.people.operations.leaving import erase_person as erase_person
from revops.people.operations.leaving import hand_over_work as hand_over_work
from revops.people.operations.leaving import reactivate_person as reactivate_person
from revops.people.operations.leaving import what_is_left_open as what_is_left_open
from revops.people.operations.people import admit_person as admit_person
from revops.people.operations.people import change_person as change_person
from revops.people.operations.people import create_administrator as create_administrator
from revops.people.operations.people import create_person as create_person
from revops.people.operations.people import edit_person as edit_person
from revops.people.operations.people import set_manager as set_manager
from revops.people.operations.roles import grant_role as grant_role
from revops.people.operations.roles import revoke_role as revoke_role
from revops.people.operations.roles import set_roles as set_roles
from revops.people.operations.teams import change_team as change_team
from revops.people.operations.teams import create_team as create_team
