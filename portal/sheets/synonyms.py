"""The words people and other programs use for our columns, in English, Portuguese and Spanish.

Spelling does not matter here beyond letters and digits: case, accents, spaces, dashes and numbers are
folded away by `portal.sheets.headers.header_key` on both sides.
"""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "code": (
        "code", "id", "customer id", "customer code", "customer number", "customer no", "customer ref",
        "customer reference", "client id", "client code", "client number", "external id", "external code",
        "external identifier", "external reference", "external ref", "reference", "ref", "identifier",
        "account number", "account no", "account code", "account id", "member id", "member number",
        "membership number", "membership id", "crm id", "user id", "uid", "código", "código do cliente",
        "código de cliente", "código del cliente", "código cliente", "código externo", "número do cliente",
        "número de cliente", "número del cliente", "nº cliente", "nº do cliente", "id do cliente",
        "id de cliente", "id del cliente", "id cliente", "id externo", "identificador",
        "identificador externo", "identificador do cliente", "identificador del cliente", "referência",
        "referencia", "número da conta", "número de conta", "número de cuenta",
    ),
    "name": (
        "name", "full name", "display name", "customer name", "client name", "contact name", "nome",
        "nome completo", "nome do cliente", "nome do contacto", "nome do contato", "nome e sobrenome",
        "nome e apelido", "nombre", "nombre completo", "nombre del cliente", "nombre de cliente",
        "nombre del contacto", "nombre y apellido", "nombre y apellidos",
    ),
    "first_name": (
        "first name", "firsname", "first", "given name", "forename", "fname", "primeiro nome",
        "nome próprio", "nombres", "primer nombre", "nombre de pila",
    ),
    "last_name": (
        "last name", "lastname", "last", "surname", "family name", "lname", "sobrenome", "apelido",
        "apelidos", "último nome", "nome de família", "apellido", "apellidos", "primer apellido",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "e-mail address", "mail address", "email id", "correio",
        "correio electrónico", "correio eletrônico", "endereço de e-mail", "endereço de email",
        "endereço e-mail", "endereço electrónico", "endereço eletrônico", "correo", "correo electrónico",
        "dirección de correo", "dirección de correo electrónico", "dirección de e-mail",
        "dirección de email", "dirección electrónica",
    ),
    "phone": (
        "phone", "phone number", "phone no", "telephone", "telephone number", "tel", "tel no", "mobile",
        "mobile phone", "mobile number", "mobile no", "cell", "cell phone", "cellphone", "cell number",
        "contact number", "msisdn", "whatsapp", "whatsapp number", "telefone", "telefone fixo",
        "telefone celular", "telefone móvel", "número de telefone", "nº de telefone", "nº telefone",
        "telemóvel", "número de telemóvel", "celular", "número de celular", "cel", "fone", "móvel",
        "teléfono", "teléfono móvil", "teléfono celular", "teléfono fijo", "número de teléfono",
        "nº de teléfono", "móvil", "número de móvil", "número móvil",
    ),
    "shop": (
        "shop", "shop id", "shop code", "shop name", "store", "store id", "store code", "store name",
        "store number", "home store", "home shop", "branch", "branch id", "branch code", "branch name",
        "loja", "id da loja", "código da loja", "código loja", "nome da loja", "filial", "código da filial",
        "tienda", "id de tienda", "id de la tienda", "código de tienda", "código de la tienda",
        "nombre de la tienda", "sucursal", "código de sucursal",
    ),
    "birth_date": (
        "birth date", "date of birth", "birthday", "birth day", "dob", "born", "data de nascimento",
        "data nascimento", "data nasc", "dt nascimento", "nascimento", "aniversário", "fecha de nacimiento",
        "fecha nacimiento", "fecha nac", "nacimiento", "cumpleaños",
    ),
    "language": (
        "language", "lang", "language code", "preferred language", "locale", "idioma", "idioma preferido",
        "língua", "lengua",
    ),
    "gender": ("gender", "sex", "sexo", "gênero", "género"),
    "id_type": (
        "id type", "type of id", "document type", "type of document", "identification type",
        "id document type", "tipo de documento", "tipo documento", "tipo doc", "tipo de identificação",
        "tipo de identificación", "tipo de id",
    ),
    "id_number": (
        "id number", "id no", "id card", "id card number", "identity number", "identity card",
        "identification number", "national id", "national id number", "document", "document number",
        "passport", "passport number", "documento", "número do documento", "número de documento",
        "nº documento", "nº do documento", "nº de documento", "documento de identidade",
        "documento de identidad", "bilhete de identidade", "cédula", "cpf", "rg", "nif", "dni", "nie",
        "nuit", "passaporte", "pasaporte", "cartão de cidadão",
    ),
    "address": (
        "address", "street", "street address", "address line", "home address", "postal address",
        "mailing address", "full address", "endereço", "endereço completo", "endereço postal", "morada",
        "morada completa", "rua", "logradouro", "dirección", "dirección completa", "dirección postal",
        "domicilio", "calle",
    ),
    "groups": (
        "groups", "group", "group name", "group code", "customer group", "customer groups",
        "customer group code", "customer group name", "group membership", "group memberships", "segment",
        "segments", "customer segment", "cluster", "clusters", "tag", "tags", "label", "labels", "grupo",
        "grupos", "grupo do cliente", "grupo de clientes", "grupos de clientes", "código do grupo",
        "código del grupo", "nome do grupo", "nombre del grupo", "segmento", "segmentos", "etiqueta",
        "etiquetas",
    ),
}  # fmt: skip

# Words around a header that change nothing: "customer e-mail", "telefone do cliente", "primary phone".
NEUTRAL = frozenset({
    "customer", "customers", "client", "clients", "contact", "contacts", "member", "cliente", "clientes",
    "contacto", "contato", "socio", "primary", "main", "principal", "default", "the", "your", "do", "da",
    "de", "del", "la", "el", "o", "a", "of",
})  # fmt: skip

# A header that holds one of these is somebody else's address, or says something about an address.
FOREIGN = frozenset({
    "ship", "shipping", "shipped", "delivery", "envio", "entrega", "stripe", "supplier", "proveedor",
    "fornecedor", "company", "empresa", "store", "shop", "branch", "loja", "tienda", "owner", "agent",
    "rep", "representative", "manager", "vendor", "seller", "vendedor", "emergency", "emergencia",
    "accepts", "accept", "has", "is", "opt", "subscribed", "unsubscribed", "subscriber", "verified",
    "valid", "invalid", "bounce", "bounced", "send", "sent", "created", "updated", "modified", "support",
    "sales", "fax", "type", "tipo", "status", "count", "total", "registered", "referrer",
    "referred", "reseller", "invite", "invited", "by",
})  # fmt: skip

# The targets that are recognised at the end of a longer header ("Dads email"); always to be confirmed. Not
# the others: "product name", "company address", "order id" and "age group" are none of ours.
LOOSE = frozenset({"first_name", "last_name", "email", "phone", "birth_date"})
