"""Rwanda: given names in French, English and Kinyarwanda; family names are personal, not inherited."""

from portal.samples.country import Country, listed
from portal.samples.numbers import lettered, rwandan_id

RWANDA = Country(
    code="RW",
    dial="250",
    female=listed("""
        Claudine, Marie, Jeanne, Chantal, Josiane, Immaculée, Béatrice, Espérance, Vestine, Diane,
        Solange, Clémentine, Alice, Joséphine, Angélique, Grace, Consolée, Médiatrice, Odette,
        Valentine, Esther, Sandrine, Yvonne, Christine, Delphine, Florence, Pélagie, Francine, Gloriose,
        Hélène, Honorine, Jacqueline, Liliane, Louise, Peace, Divine, Joy, Aline, Annonciata,
        Bernadette, Cécile, Dative, Domitille, Donatha, Épiphanie, Eugénie, Félicité, Geneviève,
        Goretti, Illuminée, Laëtitia, Léonille, Marthe, Noëlla, Pacifique, Pascasie, Pauline, Perpétue,
        Régine, Rosine, Spéciose, Thérèse, Thaïs, Vénantie, Véronique, Xavérine, Zawadi, Keza, Kayitesi,
        Teta"""),
    male=listed("""
        Jean, Emmanuel, Eric, Innocent, Patrick, Théogène, Félicien, Jean-Bosco, Jean-Claude,
        Jean-Damascène, Jean-Pierre, Célestin, Olivier, Vincent, Alexis, Alphonse, Anastase, André,
        Aimable, Bernard, Bonaventure, Charles, Christian, Cyprien, Damien, Daniel, David, Déogratias,
        Didier, Dieudonné, Donatien, Édouard, Élie, Évariste, Fabrice, Faustin, Fidèle, François,
        Fulgence, Gaspard, Gilbert, Grégoire, Hassan, Hervé, Isaïe, Jérôme, Joël, Joseph, Justin,
        Léonard, Léopold, Moïse, Narcisse, Noël, Pascal, Philbert, Protais, Samuel, Sylvestre,
        Tharcisse, Théoneste, Thierry, Valens, Védaste, Viateur, Yves, Zacharie, Ngabo"""),
    families=listed("""
        Uwimana, Mukamana, Niyonsaba, Uwase, Habimana, Nsengimana, Mukandayisenga, Niyonzima,
        Hakizimana, Uwamahoro, Ndayisaba, Mukeshimana, Nshimiyimana, Twagirimana, Iradukunda, Ishimwe,
        Ingabire, Umutoni, Umuhoza, Mugisha, Manzi, Bizimana, Nizeyimana, Uwera, Uwineza, Mutoni,
        Mukamurenzi, Ntakirutimana, Hategekimana, Kamanzi, Karangwa, Kayiranga, Gasana, Mugabo,
        Mukarugwiza, Mukantwari, Munyaneza, Murekatete, Musabyimana, Mutabazi, Mutesi, Ndagijimana,
        Ndahiro, Ngabonziza, Ngendahimana, Nkusi, Nsabimana, Nsanzimana, Ntawukuriryayo, Nyiraneza,
        Nyirahabimana, Nyiransabimana, Nziza, d'Arc Nziza, d'Arc Uwera, d'Arc Umutesi, d'Amour Hirwa,
        d'Amour Byiringiro, Rugamba, Rukundo, Rutayisire, Ruzindana, Sebahire, Semana, Shema, Sibomana,
        Simbi, Tuyisenge, Tuyishime, Tuyizere, Twizeyimana, Umubyeyi, Umugwaneza, Umulisa, Umurerwa,
        Umutesi, Umwali, Uwambaje, Uwanyirigira, Uwayezu, Uwingabire, Uwitonze, Uwizeyimana, Uwurukundo,
        Yankurije, Byiringiro, Cyuzuzo, Dusabe, Dushimimana, Gahongayire, Gakuba, Gisa, Hirwa,
        Igiraneza, Imanishimwe, Irakoze, Kabera, Kalisa, Kanyana, Kwizera, Mbabazi, Muhire, Mukasine,
        Mukashema, Ndoli, Nyirarukundo, Sugira, Turatsinze, Zaninka"""),
    second_given=0.45,
    second_family=0.0,
    joint=" ",
    streets=listed("""
        KG 11 Ave, KG 17 Ave, KG 28 St, KG 204 St, KG 356 St, KG 541 St, KK 15 Rd, KK 19 Ave, KK 31 Ave,
        KK 268 St, KN 3 Rd, KN 7 Ave, KN 41 St, KN 82 St, Umuhanda wa Amahoro, Umuhanda wa Urukundo,
        Rue du Lac, Rue des Collines, Market Road, Stadium Road, Umudugudu wa Ubumwe,
        Umudugudu wa Kabeza, Umudugudu wa Nyarugenge"""),
    towns={
        "KGN": ("Gisozi, Kigali", "Kacyiru, Kigali", "Kinyinya, Kigali", "Gatsata, Kigali", "Jabana, Kigali"),
        "KGS": ("Gikondo, Kigali", "Kicukiro, Kigali", "Nyamirambo, Kigali", "Niboye, Kigali"),
        "MUS": listed("Musanze, Kinigi, Busogo, Nyakinama, Cyuve, Muhoza"),
        "HUY": listed("Huye, Ngoma, Tumba, Mukura, Save, Nyanza"),
    },
    address=lambda street, number, town: f"{street}, No. {number}, {town}",
    phones={"": ("78", "79", "72", "73")},
    domains=("example.com", "imeri.example", "mail.example", "courriel.example"),
    languages=(("rw", 0.62), ("en", 0.23), ("fr", 0.15)),
    papers=((("national_id", rwandan_id), 0.93), (("passport", lettered("PC")), 0.07)),
    only_women=frozenset(
        listed("""
        Mukamana, Uwase, Mukandayisenga, Mukeshimana, Umutoni, Umuhoza, Uwera, Mutoni, Mukamurenzi,
        Mukarugwiza, Mukantwari, Murekatete, Mutesi, Nyiraneza, Nyirahabimana, Nyiransabimana,
        d'Arc Nziza, d'Arc Uwera, d'Arc Umutesi, Simbi, Umugwaneza, Umulisa, Umurerwa, Umutesi, Umwali,
        Uwanyirigira, Yankurije, Gahongayire, Kanyana, Mukasine, Mukashema, Nyirarukundo, Zaninka""")
    ),
    only_men=frozenset(
        listed("""
        Manzi, Gasana, Kamanzi, Karangwa, Mugabo, Mutabazi, Ndahiro, Nkusi, d'Amour Hirwa,
        d'Amour Byiringiro, Rugamba, Rutayisire, Ruzindana, Sebahire, Semana, Shema, Sibomana, Gakuba,
        Hirwa, Muhire, Ndoli""")
    ),
)
