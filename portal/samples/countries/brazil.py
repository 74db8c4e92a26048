"""Brazil."""

from portal.samples.country import Country, listed
from portal.samples.numbers import cpf, lettered

BRAZIL = Country(
    code="BR",
    dial="55",
    female=listed("""
        Maria, Ana, Juliana, Fernanda, Patrícia, Aline, Camila, Amanda, Bruna, Jéssica, Letícia,
        Luciana, Vanessa, Mariana, Gabriela, Vitória, Larissa, Cláudia, Beatriz, Luana, Rita, Sônia,
        Renata, Eliane, Josefa, Simone, Natália, Cristiane, Carla, Débora, Rosângela, Jaqueline, Rosa,
        Daniela, Aparecida, Marlene, Terezinha, Raimunda, Andréia, Fabiana, Lúcia, Raquel, Angélica,
        Rafaela, Joana, Luzia, Elaine, Daiane, Alessandra, Isabela, Tatiane, Bianca, Cecília, Conceição,
        Helena, Íris, Lívia, Lorena, Valentina, Yasmin, Flávia, Mônica, Priscila, Iracema, Jandira,
        Otília"""),
    male=listed("""
        José, João, Antônio, Francisco, Carlos, Paulo, Pedro, Lucas, Marcos, Luís, Gabriel, Rafael,
        Daniel, Marcelo, Bruno, Eduardo, Felipe, Raimundo, Rodrigo, Manoel, Mateus, André, Fernando,
        Fábio, Leonardo, Gustavo, Guilherme, Leandro, Tiago, Ânderson, Ricardo, Márcio, Jorge,
        Sebastião, Alexandre, Roberto, Edson, Diego, Vítor, Sérgio, Cláudio, Caio, Cauã, Davi, Enzo,
        Érico, Heitor, Hélio, Igor, Ítalo, Joaquim, Júlio, Miguel, Murilo, Nélson, Otávio, Renato,
        Rogério, Samuel, Benício, Ubirajara, Valdir, Vinícius, Wagner, Wellington, Zeferino"""),
    families=listed("""
        Silva, Santos, Oliveira, Souza, Rodrigues, Ferreira, Alves, Pereira, Lima, Gomes, Costa,
        Ribeiro, Martins, Carvalho, Almeida, Lopes, Soares, Fernandes, Vieira, Barbosa, Rocha, Dias,
        Nascimento, Andrade, Moreira, Nunes, Marques, Machado, Mendes, Freitas, Cardoso, Ramos,
        Gonçalves, Santana, Teixeira, Araújo, Cavalcanti, Monteiro, Batista, Moura, Campos, Correia,
        Pinto, Castro, Borges, Farias, Melo, Azevedo, Barros, Duarte, Miranda, Moraes, Nogueira,
        Peixoto, Queirós, Rezende, Sampaio, Siqueira, Tavares, Toledo, Vasconcelos, Xavier, Assunção,
        Brandão, Falcão, Galvão, Leitão, Romão, Simões, Guimarães, Magalhães, Conceição, D'Ávila,
        D'Angelo, D'Almeida, Sant'Ana, da Silva, da Cruz, da Luz, da Conceição, da Fonseca, de Jesus,
        de Lima, de Paula, de Sá, dos Anjos, dos Reis, dos Santos, do Carmo, do Vale, Antunes,
        Bittencourt, Camargo, Coutinho, Dantas, Figueiredo, Garcia, Leão, Lobão, Maia, Neves, Pacheco,
        Paixão, Prado, Sales, Salomão, Serrano, Trindade, Valença"""),
    second_given=0.3,
    second_family=0.62,
    joint=" ",
    streets=listed("""
        Rua das Palmeiras, Rua das Acácias, Rua dos Ipês, Rua São João, Rua Santo Antônio,
        Rua Sete de Setembro, Rua Quinze de Novembro, Rua da Conceição, Rua do Comércio,
        Rua das Laranjeiras, Rua Bela Vista, Rua Boa Esperança, Avenida Brasil, Avenida Atlântica,
        Avenida das Nações, Avenida Beira-Mar, Travessa do Sabiá, Travessa da Paz,
        Alameda dos Jacarandás, Alameda das Orquídeas, Praça da Matriz, Estrada do Café,
        Largo do Rosário"""),
    towns={
        "SPC": listed(
            "São Paulo - SP, Osasco - SP, Guarulhos - SP, Santo André - SP, São Bernardo do Campo - SP"
        ),
        "RIO": listed("Rio de Janeiro - RJ, Niterói - RJ, São Gonçalo - RJ, Nova Iguaçu - RJ, Maricá - RJ"),
        "FLN": listed(
            "Florianópolis - SC, São José - SC, Palhoça - SC, Biguaçu - SC, Governador Celso Ramos - SC"
        ),
    },
    address=lambda street, number, town: f"{street}, {number}, {town}",
    phones={
        "": ("1197", "1198", "2198", "4899"),
        "SPC": ("1196", "1197", "1198", "1199"),
        "RIO": ("2196", "2197", "2198", "2199"),
        "FLN": ("4896", "4898", "4899"),
    },
    domains=("example.com", "correio.example", "mail.example", "caixa.example.org"),
    languages=(("pt", 0.97), ("es", 0.02), ("en", 0.01)),
    papers=((("cpf", cpf), 0.96), (("passport", lettered("FZ")), 0.04)),
)
