"""Given forms owns how given names are shortened in registers, and familiarly in languages other than English."""

_FORMS = """
abraham abm abrm; alexander alexr; ambrose ambr; andrew andw; anthony anty anthy; archibald archd; bartholomew barthw;
benjamin benj benjn; bridget bridgt; caroline carole; catherine cath; charles chas chs; charlotte charl chartte;
christopher xtopher xpher chrisr; daniel danl; david davd; ebenezer ebenr; edmund edmd; edward edwd edw; eleanor elr;
elizabeth eliz elizth elizh; emanuel emanl; francis fras francs; frederick fredk fredc; gabriel gabl; george geo;
gilbert gilbt; hannah hanh; henry hy henr; herbert herbt; isabella isab isabla; jacob jacb; james jas;
jeremiah jere jereh; john jno; jonathan jona jonathn; joseph jos; lawrence lawr lawre; leonard leond; lewis lews;
margaret margt mgt marget; martha marth; matthew matw mattw; michael michl; nathaniel nathl;
nicholas nichs nics nichl; patrick patk; peter petr; philip philp; rachel rachl; rebecca rebca; richard richd;
robert robt; samuel saml; solomon soln; stephen stepn; susannah susah susanh; theophilus theos; thomas thos;
timothy timy; valentine valente; vincent vinct; walter waltr; william wm willm; zachariah zachh; andreas andi;
anton toni; birgit biggi; cornelia conny; elisabeth lisbeth sissi; florian flo; franziska franzi; friedrich fritz;
gabriele gabi; heinrich heinz heini; ignaz naz; johannes hans hannes johann; josef sepp jupp;
katharina kathi kathe katrin; ludwig lutz; magdalena lena leni; margarete grete gretel greta; matthias matze hias;
michael michi; monika moni; nikolaus klaus; sebastian basti; stefanie steffi; susanne susi; theresia resi; ulrich uli;
ursula uschi ulla; wilhelm willi; wolfgang wolfi wolf; alberto beto; antonio tono; beatriz bea bia;
concepcion concha conchi; consuelo chelo; dolores lola loli; eduardo edu; enrique quique kike; fernando nando;
francisca paqui paca; francisco paco fran kiko pancho chico curro; guadalupe lupe; guillermo memo; gregorio goyo;
ignacio nacho; jesus chus; jose pepe ze; javier javi; manuel manolo manu; maria ma mari; mercedes merche;
montserrat montse; pilar pili; rafael rafa; rosario charo; teresa tere; antonino nino; giovanni gianni;
giuseppe beppe peppe; luigi gigi; salvatore toto; aleksandr sasha; dmitri dima mitya; ekaterina katya; ivan vanya;
mikhail misha; natalia natasha; nikolai kolya; anna ania anya; barbara basia; katarzyna kasia; malgorzata gosia;
tomasz tomek
"""

FULL_NAMES: dict[str, tuple[str, ...]] = {}
"""By short form the names that it stands for, the usual one first."""

for _line in _FORMS.split(";"):
    _full, *_short = _line.split()
    for _form in _short:
        FULL_NAMES[_form] = (*FULL_NAMES.get(_form, ()), _full)
