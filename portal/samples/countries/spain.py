"""Spain: two family names as a rule."""

from portal.samples.country import Country, listed
from portal.samples.numbers import dni, lettered, nie

SPAIN = Country(
    code="ES",
    dial="34",
    female=listed("""
        María, Carmen, Ana, Lucía, Laura, Cristina, Marta, Paula, Elena, Sara, Raquel, Pilar, Isabel,
        Dolores, Teresa, Rosa, Ángeles, Mercedes, Silvia, Patricia, Rocío, Mónica, Alba, Beatriz, Sonia,
        Verónica, Nuria, Montserrat, Inmaculada, Concepción, Begoña, Inés, Irene, Julia, Martina, Sofía,
        Valeria, Daniela, Noa, Ainhoa, Nerea, Itziar, Leire, Aránzazu, Núria, Mireia, Laia, Xènia, Uxía,
        Iria, Noemí, Míriam, Débora, Verena, Belén, Esperanza, Soledad, Consuelo, Asunción, Encarnación,
        Remedios, Ángela, África, Ágata, Zoé, Candela, Triana, Vega"""),
    male=listed("""
        Antonio, Manuel, José, Francisco, David, Juan, Javier, Daniel, Carlos, Jesús, Alejandro, Miguel,
        Rafael, Pablo, Ángel, Sergio, Fernando, Jorge, Luis, Alberto, Álvaro, Adrián, Diego, Raúl, Iván,
        Rubén, Enrique, Óscar, Ramón, Andrés, Joaquín, Santiago, Víctor, Mario, Eduardo, Roberto, Jaime,
        Ignacio, Íñigo, Iñaki, Ibai, Unai, Aitor, Gorka, Jordi, Martí, Oriol, Roger, Xabier, Breixo,
        Brais, Antón, Nicolás, Hugo, Lucas, Martín, Mateo, Leo, Gonzalo, Guillermo, Germán, Fermín,
        Agustín, Julián, Simón, Tomás, Félix, Hernán, Darío, Fabián"""),
    families=listed("""
        García, Rodríguez, González, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Martín, Jiménez,
        Hernández, Ruiz, Díaz, Moreno, Muñoz, Álvarez, Romero, Gutiérrez, Alonso, Navarro, Torres,
        Domínguez, Ramos, Vázquez, Ramírez, Gil, Serrano, Morales, Molina, Blanco, Suárez, Castro,
        Ortega, Delgado, Ortiz, Marín, Rubio, Núñez, Medina, Sanz, Castillo, Iglesias, Cortés, Garrido,
        Santos, Guerrero, Lozano, Cano, Cruz, Méndez, Flores, Prieto, Herrera, Peña, León, Márquez,
        Cabrera, Gallego, Calvo, Vidal, Campos, Reyes, Vega, Fuentes, Carrasco, Díez, Aguilar,
        Caballero, Nieto, Santana, Vargas, Pascual, Giménez, Herrero, Hidalgo, Montero, Lorenzo, Ibáñez,
        Santiago, Durán, Benítez, Arias, Mora, Ferrer, Carmona, Vicente, Rojas, Soto, Crespo, Pastor,
        Velasco, Sáez, Moya, Soler, Parra, Esteban, Bravo, Gallardo, Rojo, Íñiguez, Ordóñez, Etxeberria,
        Agirre, Zubizarreta, Garaño, Castaño, Patiño, Mariño, D'Ors, D'Olivares, Güell, Puigdellívol,
        Argüelles, Sagüés, de la Fuente, de la Peña, del Río, del Valle"""),
    second_given=0.22,
    second_family=0.93,
    joint=" ",
    streets=listed("""
        Calle Mayor, Calle Real, Calle Nueva, Calle del Sol, Calle de la Iglesia, Calle de la Fuente,
        Calle del Pozo, Calle de los Olivos, Calle del Molino, Calle San Juan, Calle Santa María,
        Calle de la Peña, Calle del Puente, Avenida de la Constitución, Avenida de España,
        Avenida del Mar, Paseo de la Ribera, Paseo de los Álamos, Plaza de la Villa, Plaza del Mercado,
        Camino Viejo, Ronda Norte, Travesía de la Viña"""),
    towns={
        "MAD": listed(
            "28004 Madrid, 28010 Madrid, 28015 Madrid, 28901 Getafe, 28911 Leganés, 28801 Alcalá de Henares"
        ),
        "GIJ": listed(
            "33201 Gijón, 33205 Gijón, 33209 Gijón, 33401 Avilés, 33001 Oviedo, 33510 Pola de Siero"
        ),
    },
    address=lambda street, number, town: f"{street}, {number}, {town}",
    phones={"": ("60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "71", "72")},
    domains=("example.com", "correo.example", "mail.example", "buzon.example.net"),
    languages=(("es", 0.95), ("en", 0.04), ("pt", 0.01)),
    papers=((("dni", dni), 0.86), (("nie", nie), 0.1), (("passport", lettered("XZZ")), 0.04)),
)
