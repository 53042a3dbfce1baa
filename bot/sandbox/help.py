"""What the sandbox's word `help` shows; it fits one screen."""

HELP = """\
You are Dana, a dispatcher in #dispatch. Callnote really runs; Discord and Sonoran CAD are
simulators on this machine, so nothing you do here leaves it.

  /callnote call:123 note:Suspect fled north    add a note (type \\n for a line break)
  type /callnote call:vine                      see what Discord offers while that is typed
  post A red car, menu Add to dispatch call     let Casey write that; open that message's form
  submit call:123 note:Two cars                 submit the form; its other fields stay
  as civilian /callnote call:123 note:Hello     do it without the dispatcher role
  as admin /callnote-config roles     set Callnote up; /callnote-config alone lists all of that
  as stranger /callnote call:123 note:Hello     do it in a server that is not connected; either
                        its administrator (stranger) connects it to a CAD of its own with
                        /callnote-config connect, or the bot's owner (owner) to yours
  fill paleto-key       fill in that form: the API key, a comma, the community id (for api 1)
  choose Dispatcher, Civilian / press Cancel    use the last message (as admin press Cancel)
  wait, channel, calls  show the last message once it changes, the newest one, or the CAD's notes
  /call call:517, /calls; note 517 Sent, close 517    a call's card; change the call in the CAD
  cad ok, cad slow, cad silent    the CAD answers as it should, after 4 seconds, or not at all
  cad failing, cad webpage, cad down    an internal error, a proxy's web page, or nothing there
  cad broken, cad blind       it stores the note and breaks off; and its calls cannot be read
  cad limited, cad wrong-key  too many requests, for 30 seconds; it refuses the key (see restart)
  api 1, api 2          let the CAD speak API version 1 or 2, and restart the bot
  restart, log, help, quit    restart the bot; show its last log lines, or this; leave
Times are shorter here: a note fails after 1 minute instead of 14, and one without an answer is
known to be missing after 5 seconds instead of 60; calls are read again after 3 instead of 20."""
