"""Portugal."""

from portal.samples.country import Country, listed
from portal.samples.numbers import citizen_card, lettered, nif

PORTUGAL = Country(
    code="PT",
    dial="351",
    female=listed("""
        Maria, Ana, Inês, Beatriz, Mariana, Matilde, Leonor, Carolina, Joana, Marta, Sofia, Catarina,
        Rita, Margarida, Francisca, Teresa, Isabel, Helena, Cláudia, Sara, Filipa, Lúcia, Mónica,
        Patrícia, Sónia, Susana, Cátia, Vânia, Andreia, Carla, Cristina, Fátima, Conceição, Graça,
        Luísa, Madalena, Lurdes, Odete, Olívia, Paula, Raquel, Rosa, Sílvia, Tânia, Telma, Verónica,
        Vitória, Alice, Aurora, Benedita, Bárbara, Célia, Clara, Constança, Débora, Eduarda, Elisa,
        Emília, Íris, Júlia, Lara, Laura, Letícia, Natália, Noémia, Zélia"""),
    male=listed("""
        João, José, Francisco, Tomás, Duarte, Afonso, Rodrigo, Martim, Miguel, Tiago, Gonçalo, Pedro,
        Diogo, Manuel, Rui, Luís, Paulo, Nuno, Bruno, Ricardo, André, Hugo, Jorge, Carlos, Fernando,
        Vítor, Sérgio, Mário, Álvaro, Alberto, Alexandre, Américo, Armando, Artur, Augusto, Bernardo,
        Cândido, César, Cláudio, Cristóvão, Daniel, David, Edgar, Estêvão, Fábio, Filipe, Gaspar, Gil,
        Guilherme, Hélder, Henrique, Ivo, Jaime, Joaquim, Júlio, Leonardo, Lourenço, Márcio, Norberto,
        Óscar, Rafael, Rúben, Salvador, Simão, Vasco, Xavier"""),
    families=listed("""
        Silva, Santos, Ferreira, Pereira, Oliveira, Costa, Rodrigues, Martins, Sousa, Fernandes,
        Gonçalves, Gomes, Lopes, Marques, Alves, Almeida, Ribeiro, Pinto, Carvalho, Teixeira, Moreira,
        Correia, Mendes, Nunes, Soares, Vieira, Monteiro, Cardoso, Rocha, Neves, Coimbra, Cruz, Cunha,
        Pires, Ramos, Reis, Simões, Antunes, Matos, Fonseca, Machado, Araújo, Barbosa, Tavares,
        Lourenço, Castro, Figueiredo, Azevedo, Freitas, Magalhães, Henriques, Lima, Guerreiro, Batista,
        Pinheiro, Faria, Miranda, Barros, Morais, Nogueira, Esteves, Anjos, Baptista, Campos, Mota,
        Andrade, Brito, Sá, Nascimento, Leite, Abreu, Borges, Melo, Vaz, Pinho, Vicente, Gaspar,
        Assunção, Maia, Moura, Valente, Carneiro, Garcia, Branco, Amaral, Amorim, Leal, Pacheco, Macedo,
        Serra, Paiva, Torres, Brandão, Falcão, Galvão, Leitão, Mourão, Romão, Salomão, Varão, d'Orey,
        d'Eça, Sant'Ana, da Conceição, da Graça, das Neves, de Jesus, do Carmo, dos Anjos, dos Reis,
        Frazão, Guimarães, Queirós"""),
    second_given=0.35,
    second_family=0.72,
    joint=" ",
    streets=listed("""
        Rua das Flores, Rua da Alegria, Rua do Sol, Rua da Boavista, Rua de São Bento,
        Rua de Santo António, Rua do Almada, Rua da Igreja, Rua da Escola, Rua das Oliveiras,
        Rua do Moinho, Rua Nova, Rua da Fonte, Avenida da República, Avenida da Liberdade,
        Avenida do Mar, Travessa do Poço, Travessa da Fábrica, Largo da Praça, Largo do Pelourinho,
        Praceta das Amendoeiras, Calçada da Glória, Beco do Carvão"""),
    towns={
        "OPO": listed(
            "4000-001 Porto, 4050-001 Porto, 4100-001 Porto, 4400-001 Vila Nova de Gaia, 4450-001 Matosinhos"
        ),
        "LIS": listed("1000-001 Lisboa, 1100-001 Lisboa, 1200-001 Lisboa, 2700-001 Amadora, 2800-001 Almada"),
    },
    address=lambda street, number, town: f"{street} {number}, {town}",
    phones={"": ("91", "92", "93", "96")},
    domains=("example.com", "correio.example", "mail.example", "casa.example.net"),
    languages=(("pt", 0.94), ("en", 0.04), ("es", 0.02)),
    papers=(
        (("citizen_card", citizen_card), 0.6),
        (("nif", nif), 0.35),
        (("passport", lettered("CZ")), 0.05),
    ),
)
