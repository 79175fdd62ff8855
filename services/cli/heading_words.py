"""Heading words owns the names under which other programs write the columns of a customer."""

# ruff: noqa: SIM905 - word lists are read as text

SYNONYMS: dict[str, tuple[str, ...]] = {
    field: tuple(words.split())
    for field, words in {
        "id": "unique_id record_id rec_id recid row_id contact_id customer_id client_id person_id patient_id member_id"
        " voter_id"
        " customer_number customer_no customer_nr kundennummer kundennr kunden_id klantnummer klant_id"
        " numero_client id_client id_cliente codice_cliente mrn",
        "given_name": "first_name firstname fname given forename first christian_name vorname prenom nombre nome"
        " forenames given_names first_names christian_names vornamen prenoms nombres nombre_de_pila primeiro_nome"
        " voornaam voornamen fornavn imie fname_c1 pername1"
        " firstnames roepnaam fornamn etunimi jmeno keresztnev",
        "middle_name": "middlename mname middle middle_initial second_name fname_c2 zweiter_vorname",
        "family_name": "last_name lastname lname surname sname family familyname last nachname familienname"
        " nom_de_famille apellido apellidos sobrenome sobrenomes primer_apellido cognome achternaam etternavn"
        " nazwisko lname_c1 pername2"
        " lastnames geslachtsnaam efternamn efternavn sukunimi prijmeni vezeteknev apellido_1 apellido1"
        " apellido_paterno",
        "name": "full_name fullname contact_name customer_name client_name display_name person_name"
        " nombre_completo nome_completo nombre_y_apellidos nom_complet"
        " nom_et_prenom nom_prenom prenom_nom nome_e_cognome volledige_naam vor_und_nachname"
        " imie_i_nazwisko name_full nom naam namn navn",
        "suffix": "name_suffix generation",
        "organization": "organisation company company_name organization_name organisation_name account_name employer"
        " employer_name business_name firm firma legal_name site_name empresa razon_social societe entreprise azienda"
        " bedrijf unternehmen"
        " org organisatie bedrijfsnaam firmenname raison_sociale ragione_sociale yritys foretag",
        "email": "e_mail mail email_address e_mail_address email_1 email_2 email_3 work_email personal_email"
        " secondary_email additional_email_addresses e_mail_1_value e_mail_2_value business_email correo"
        " correo_electronico courriel adresse_e_mail adresse_mail e_mail_adresse indirizzo_email posta_elettronica"
        " e_mailadres emailadres mailadres e_mailadresse emailadresse mailadresse emailaddress email_id"
        " email_addr adres_email adres_e_mail direccion_de_correo endereco_de_email epost e_post"
        " epostadress sahkoposti e_posta",
        "phone": "phone_number telephone telephone_number tel mobile mobile_number cell cellphone fon telefon handy"
        " mobile_phone mobile_phone_number cell_phone home_phone work_phone other_phone phone_1 phone_2 phone_3"
        " phone_1_value phone_2_value contact_number full_phone_number telefono telefono_movil telefono_fijo movil"
        " celular telefone telemovel portable telephone_portable cellulare mobil mobiltelefon telefonnummer"
        " handynummer rufnummer festnetz telefoon"
        " phonenumber phone_no telefoonnummer mobilephone mobile_no landline telefoonnr telefoon_nummer mobiel"
        " mobiel_nummer mobiele_nummer mobielnummer gsm telefonnr telefon_nr telefon_nummer mobilnummer"
        " mobil_nr telefon_privat numero_de_telefono numero_de_telephone numero_telefono numero_di_telefono"
        " numero_de_telefone tel_portable tel_fixe tel_mobile tel_no tel_nr numer_telefonu puhelin"
        " puhelinnumero tlf",
        "address": "full_address postal_address enumcap anschrift adresse addr direccion domicilio endereco"
        " morada indirizzo adres",
        "street": "street_address street_1 address_1 address_line_1 address_line1 addr1 street_line_1 strasse rue"
        " calle rua logradouro straat strasse_hausnummer strasse_nr strasse_und_hausnummer"
        " straatnaam strassenname ulica gata gatuadress gade katuosoite",
        "city": "town suburb municipality village ort stadt ville ciudad place wohnort poblacion localidad"
        " municipio cidade comune citta plaats woonplaats commune miejscowosc"
        " stad gemeente gemeinde miasto mesto postort poststed kaupunki localite localita",
        "region": "state province county state_code state_region state_province bundesland provincia estado"
        " departement provincie",
        "postal_code": "postcode zip zip_code zipcode plz post_code postleitzahl code_postal cp postcode_fake enumpc"
        " zip_postal_code codigo_postal cod_postal c_p cep"
        " zip5 zip_5 postal cap codice_postale kod_pocztowy postnummer postnr psc postinumero",
        "country": "country_code country_name country_region land pais paese pays",
        "birth_date": "dob date_of_birth birthdate birthday date_birth born geburtsdatum geboren_am date_naissance"
        " date_de_naissance fecha_de_nacimiento fecha_nacimiento f_nacimiento nacimiento data_de_nascimento"
        " data_nascimento nascimento data_di_nascita data_nascita geboortedatum geb_datum"
        " geburtstag geb_dat verjaardag date_naiss ddn data_urodzenia fodselsdato fodelsedatum syntymaaika"
        " birth_dt dob_date",
        "external_id": "identifier ssn soc_sec_id social_security_number tax_id national_id"
        " dni nif nie dni_nif cif curp rfc cpf rut codice_fiscale steuernummer personnummer",
    }.items()
}
"""By field; of several columns that are there the first one listed counts, of e-mails and phones all of them."""

WEAK: dict[str, tuple[str, ...]] = {"city": ("birth_place", "place_of_birth", "birthplace", "geburtsort")}
"""Names of columns that stand for a field only where no other one does."""

PREFIXES = (
    "mailing billing home primary residential residence business shipping person contact customer client patient pat"
    " voter member owner res mail registered"
).split()
"""What may stand before a name that is known without it."""

QUALIFIERS = frozenset(PREFIXES) | frozenset(
    "work personal main other secondary alternate alternative alt preferred first second third day daytime evening"
    " night private office number nr no prive privat zakelijk dienstlich geschaeftlich geschaftlich pro perso"
    " professionnel particular trabajo ufficio casa 1 2 3 4 5".split()
)
"""What may stand around the word for an e-mail or a phone: which one of several it is."""

NAMES = frozenset(("name", "nom", "naam", "namn", "navn"))
"""Names of a whole name that, beside a column of one part of it, mean the other part."""

TAILS = frozenset(("desc", "lbl", "label", "txt", "cd"))
"""What may stand behind a name and says nothing."""

JOINED: dict[str, tuple[tuple[str, ...], ...]] = {
    "street": (
        ("street_number", "street_name", "unit_number"),
        ("street_number", "address_1", "address_2"),
        ("house_number", "street", "unit"),
        ("hausnummer", "strasse"),
        ("straat", "huisnummer", "toevoeging"),
        ("straat", "huisnummer", "huisnummertoevoeging"),
        ("straatnaam", "huisnummer", "toevoeging"),
        ("strasse", "hausnr"),
        ("strasse", "nr"),
        ("house_no", "street"),
        ("house_number", "street_name"),
        ("house_no", "street_name"),
        ("via", "civico"),
        ("indirizzo", "civico"),
        ("calle", "numero"),
        ("rua", "numero"),
        ("address_1", "address_2"),
        ("address_line_1", "address_line_2"),
        ("address_line1", "address_line2"),
        ("street_1", "street_2"),
    ),
    "given_name": (("fname_c1", "fname_c2"),),
    "family_name": (
        ("lname_c1", "lname_c2"),
        ("tussenvoegsel", "achternaam"),
        ("tussenvoegsels", "achternaam"),
        ("voorvoegsel", "achternaam"),
        ("voorvoegsels", "geslachtsnaam"),
        ("namenszusatz", "nachname"),
        ("primer_apellido", "segundo_apellido"),
        ("apellido_1", "apellido_2"),
        ("apellido1", "apellido2"),
        ("apellido_paterno", "apellido_materno"),
    ),
}
"""Columns that are one field together, a space between them; the first two must be there."""

DATES = (
    ("birth_year", "birth_month", "birth_day"),
    ("year_of_birth", "month_of_birth", "day_of_birth"),
    ("dob_year", "dob_month", "dob_day"),
    ("dob_year", "dob_mon", "dob_day"),
    ("by", "bm", "bd"),
)
"""Year, month and day of birth in three columns."""

YEARS = ("birth_year", "year_of_birth", "yob", "dob_year", "geburtsjahr")
"""A year of birth alone."""

TOLD = ("census_year", "survey_year", "enumeration_year", "event_year", "year", "jahr", "annee", "ano", "census")
"""The year in which an age was told."""

NO_EVIDENCE = frozenset(
    "id ids uid uuid guid key keys cluster clusters truth label labels match matches matched entity group groups gold"
    " duplicate duplicates duplicated dup dups dupe dupes original master parent row rownum rowid index record records"
    " rec nr no num number seq sequence serial hash checksum source sources system file batch import imported export"
    " version revision etag url uri link href created updated modified changed inserted loaded deleted timestamp"
    " datetime at on by score rank weight note notes comment comments description text message remark remarks"
    " src run age".split()
)
"""Words in a heading that number rows, groups or runs of a program rather than say who someone is."""
